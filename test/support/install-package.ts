import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildPackage } from '../../scripts/build-package.ts';

function npm(cwd: string, ...args: string[]): string {
  const program = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: 'pipe', shell: process.platform === 'win32' });
}

export interface InstalledPackage {
  /** What is published, as it is before packing. */
  readonly package: string;
  /** What npm makes of `bin`. */
  readonly program: string;
  /** Paths in the tarball. */
  readonly files: string[];
}

/** Builds the npm package, packs it and installs the tarball into an empty folder, as a user does, without install scripts. */
export async function installPackage(folder: string): Promise<InstalledPackage> {
  const source = path.join(folder, 'package');
  await buildPackage(source);
  const [packed] = JSON.parse(npm(source, 'pack', '--json', '--pack-destination', folder));
  const user = path.join(folder, 'user');
  mkdirSync(user);
  writeFileSync(path.join(user, 'package.json'), '{"private": true}\n');
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  npm(user, 'install', ...quiet, path.join(folder, packed.filename));
  const program = path.join(user, 'node_modules/.bin/migbackup');
  return { package: source, program, files: packed.files.map((file: { path: string }) => file.path) };
}
