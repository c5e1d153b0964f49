import { namesIn } from '../../../fs/names-in.ts';
import { parseFileName } from './names.ts';

/** Whoever has the database open has a lock on all of this file. */
export const LOCK_FILE = 'LOCK';

export type Engine = 'leveldb' | 'rocksdb';

/**
 * The engine whose database a folder is, judged by its names alone: CURRENT and a MANIFEST make a database, an OPTIONS or IDENTITY file beside them
 * makes it RocksDB's. Null for any other folder, and for one that cannot be listed.
 * @param names the folder's names, if they have been read already
 */
export function recogniseDatabase(dir: string, names?: readonly string[]): Engine | null {
  const listed = names ?? namesIn(dir);
  if (!listed.includes('CURRENT') || !listed.some((name) => parseFileName(name)?.type === 'manifest')) return null;
  return listed.some((name) => name === 'IDENTITY' || name.startsWith('OPTIONS-')) ? 'rocksdb' : 'leveldb';
}

/**
 * True for a folder that is no database any more, because CURRENT or the MANIFEST is missing, but has tables or logs beside the other one; or tables alone,
 * if their names have the six digits that LevelDB gives them.
 */
export function isRemainsOfDatabase(names: readonly string[]): boolean {
  const types = new Set(names.map((name) => parseFileName(name)?.type));
  const [hasCurrent, hasManifest, hasTable] = [types.has('current'), types.has('manifest'), types.has('table')];
  if (hasCurrent && hasManifest) return false;
  if (hasCurrent || hasManifest) return hasTable || types.has('log');
  return hasTable && names.some((name) => /^\d{6,}\.(?:ldb|sst)$/.test(name));
}

/** True for the names of a database that belong to the engine; every other name beside them is an ordinary file. */
export function isEngineFile(name: string): boolean {
  return parseFileName(name) !== null;
}

/** True for LOCK, LOG and LOG.old, which carry no data: never stored, never compared, never opened. */
export function isVolatileFile(name: string): boolean {
  const type = parseFileName(name)?.type;
  return type === 'lock' || type === 'info';
}
