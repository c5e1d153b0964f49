import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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

/** The tarball as the registry delivers it, fetched once. The caller has to check it. */
function tarballOf(runtime: PinnedRuntime): Buffer {
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
  return readFileSync(file);
}

export interface Runtime {
  readonly executable: string;
  /** The unpacked package: its executable and its licence, nothing else. */
  readonly folder: string;
}

/**
 * Unpacks the tarball of a pinned Node into a folder of its own in `folder`, and replaces what is there, so that only bytes that were just checked
 * are used. Throws, and writes nothing, if they are not what the lock file pins.
 */
export async function extractRuntime(tarball: Buffer, runtime: PinnedRuntime, folder: string): Promise<Runtime> {
  checkIntegrity(tarball, runtime);
  const target = path.join(folder, `${runtime.name}-${runtime.version}`);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const wanted = [`package/${runtime.executable}`, 'package/LICENSE'];
  const filter = (name: string) => wanted.includes(name.replaceAll('\\', '/'));
  await pipeline(Readable.from([tarball]), extract({ cwd: target, strip: 1, filter }));
  return { executable: path.join(target, runtime.executable), folder: target };
}

const unpacked = new Map<string, Promise<Runtime>>();

/** A pinned Node, unpacked into `folder`: once in each run, so that what an earlier run left there is never used. */
export function unpackRuntime(runtime: PinnedRuntime, folder: string): Promise<Runtime> {
  const key = path.join(folder, `${runtime.name}-${runtime.version}`);
  const known = unpacked.get(key) ?? extractRuntime(tarballOf(runtime), runtime, folder);
  unpacked.set(key, known);
  return known;
}
