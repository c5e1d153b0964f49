import { createHash } from 'node:crypto';
import type fs from 'node:fs';
import path from 'node:path';
import { isVolatilePath, type DatabaseAt } from '../databases/engines.ts';
import { lstatOrNull } from '../fs/durable.ts';
import type { EntryType } from '../model/entry.ts';
import { toNative } from '../paths/paths.ts';
import { listBelow } from './live-tree.ts';
import type { StatePaths } from './state-folder.ts';

/** What stood at a path when the plan was made: enough to see that nobody changed it since. */
export interface Fingerprint {
  readonly type: EntryType | 'other';
  readonly ino: string;
  readonly size: string;
  readonly mtimeNs: string;
  /**
   * Of a database: what is in it, by names, sizes and times. Its folder's own time says nothing: whoever tries to open it and may not leaves
   * another LOG behind.
   */
  readonly inside?: string | undefined;
}

/** One rename: the old content goes aside, the new one comes in. `tree`: a whole folder. */
export interface Unit {
  readonly n: number;
  readonly path: string;
  readonly old: Fingerprint | null;
  /** False: the path is removed. */
  readonly hasNew: boolean;
  readonly tree: boolean;
  /** A file that is a part of a database: the units of one database move together. */
  readonly database?: DatabaseAt | undefined;
  /** Digest of the new content (staged-content.ts): what is taken back goes only where it is still that. */
  readonly staged?: string | null | undefined;
}

/** Mode and mtime of a folder that stays, before and after. */
export interface MetaStep {
  readonly path: string;
  readonly oldMode: number;
  readonly newMode: number;
  readonly oldMtimeNs: string;
  readonly newMtimeNs: string;
}

export function typeOf(stat: fs.BigIntStats): Fingerprint['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'dir';
  return stat.isSymbolicLink() ? 'symlink' : 'other';
}

function fingerprint(stat: fs.BigIntStats): Fingerprint {
  return { type: typeOf(stat), ino: String(stat.ino), size: String(stat.size), mtimeNs: String(stat.mtimeNs) };
}

/** @param database a folder that is a database, or that the backup has one for */
export function fingerprintOf(native: string, stat: fs.BigIntStats, database: boolean): Fingerprint {
  return database && stat.isDirectory() ? { ...fingerprint(stat), inside: insideOf(native) } : fingerprint(stat);
}

function insideOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of listBelow(folder, '.').toSorted()) {
    const stat = isVolatilePath(name) ? null : lstatOrNull(path.join(folder, name));
    if (stat === null) continue;
    const { type, ino, size, mtimeNs } = fingerprint(stat);
    hash.update(JSON.stringify(type === 'dir' ? [name, type, ino] : [name, type, ino, size, mtimeNs]));
  }
  return hash.digest('hex');
}

/** Whether a folder may be moved by its owner: a read-only one may not. */
export function isMovable({ mode }: Pick<fs.BigIntStats, 'mode'>): boolean {
  return (mode & 0o200n) !== 0n;
}

/** True if what stands at `file` is still what the fingerprint says. A folder's size is the file system's business. */
export function stillIs(file: string, expected: Fingerprint | null): boolean {
  const stat = lstatOrNull(file);
  if (stat === null || expected === null) return stat === null && expected === null;
  const found = fingerprint(stat);
  if (found.type !== expected.type || found.ino !== expected.ino) return false;
  if (expected.inside !== undefined) return insideOf(file) === expected.inside;
  return found.mtimeNs === expected.mtimeNs && (found.type === 'dir' || found.size === expected.size);
}

/** New content stands in its place. */
export function isIn(root: string, paths: StatePaths, unit: Unit): boolean {
  return (
    unit.hasNew &&
    lstatOrNull(path.join(paths.stage, String(unit.n))) === null &&
    lstatOrNull(toNative(root, unit.path)) !== null &&
    (unit.old === null || lstatOrNull(path.join(paths.aside, String(unit.n))) !== null)
  );
}

/** From what a folder is to what it is to be. */
export function metaStep(
  path: string,
  live: Pick<fs.BigIntStats, 'mode' | 'mtimeNs'>,
  newMode: number,
  newMtimeNs: bigint,
): MetaStep {
  return {
    path,
    oldMode: Number(live.mode & 0o7777n),
    newMode,
    oldMtimeNs: String(live.mtimeNs),
    newMtimeNs: String(newMtimeNs),
  };
}
