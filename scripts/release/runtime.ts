import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { x as extract } from 'tar';
import { npm } from '../npm.ts';
import { root, type PinnedRuntime } from './targets.ts';

const CACHE = path.join(root, 'node_modules/.cache/migbackup-runtimes');

/** Throws unless the bytes are what the lock file pins; the algorithm is the pin's own (npm writes sha512). */
export function checkIntegrity(bytes: Uint8Array, { name, version, integrity }: PinnedRuntime): void {
  const [algorithm = ''] = integrity.split('-', 1);
  const actual = `${algorithm}-${createHash(algorithm).update(bytes).digest('base64')}`;
  if (actual !== integrity) {
    throw new Error(`${name}@${version} is not what the lock file pins\n  pinned ${integrity}\n  got    ${actual}`);
  }
}

/** The tarball as published, checked against its pin every time it is used, fetched once. */
function tarballOf(runtime: PinnedRuntime): string {
  const file = path.join(CACHE, `${runtime.name}-${runtime.version}.tgz`);
  if (!existsSync(file)) {
    const arriving = path.join(CACHE, `.arriving-${process.pid}`);
    mkdirSync(arriving, { recursive: true });
    const [packed] = JSON.parse(
      npm(root, 'pack', `${runtime.name}@${runtime.version}`, '--json', '--pack-destination', arriving),
    );
    renameSync(path.join(arriving, packed.filename), file);
    rmSync(arriving, { recursive: true });
  }
  checkIntegrity(readFileSync(file), runtime);
  return file;
}

export interface Runtime {
  readonly executable: string;
  /** The unpacked package: its executable and its licence, nothing else. */
  readonly folder: string;
}

/** Unpacks a pinned Node into `folder`. Throws if what the registry hands out is not what the lock file pins. */
export async function unpackRuntime(runtime: PinnedRuntime, folder: string): Promise<Runtime> {
  const target = path.join(folder, `${runtime.name}-${runtime.version}`);
  const wanted = [`package/${runtime.executable}`, 'package/LICENSE'];
  if (!existsSync(target)) {
    mkdirSync(target, { recursive: true });
    await extract({
      file: tarballOf(runtime),
      cwd: target,
      strip: 1,
      filter: (name) => wanted.includes(name.replaceAll('\\', '/')),
    });
  }
  return { executable: path.join(target, runtime.executable), folder: target };
}
