import { createHash } from 'node:crypto';
import type fs from 'node:fs';
import path from 'node:path';
import { isVolatilePath, type DatabaseAt } from '../databases/engines.ts';
import { lstatOrNull } from '../fs/durable.ts';
import type { EntryType } from '../model/entry.ts';
import { toNative } from '../paths/paths.ts';
import { listBelow } from './live-tree.ts';
import type { StatePaths } from './state-folder.ts';

/** What was at a path when the plan was made, in enough detail to see whether somebody changed it since. */
export interface Fingerprint {
  readonly type: EntryType | 'other';
  readonly ino: string;
  readonly size: string;
  readonly mtimeNs: string;
  /**
   * For a database: what is in it, by names, sizes and times. Its folder's own time says nothing, because even a failed attempt to open the database
   * makes a new LOG.
   */
  readonly inside?: string | undefined;
}

/** One rename: the old content goes aside, the new one comes in. `tree`: a whole folder. */
export interface Unit {
  readonly n: number;
  readonly path: string;
  readonly old: Fingerprint | null;
  /** False if the path is removed. */
  readonly hasNew: boolean;
  readonly tree: boolean;
  /** Set for a file that is a part of a database. The units of one database move together. */
  readonly database?: DatabaseAt | undefined;
  /** Digest of the new content (staged-content.ts). Content that is taken back is removed only if it still has this digest. */
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

/** @param database whether the folder is a database, live or in the backup */
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

/** Whether its owner may move a folder. A read-only folder cannot be moved. */
export function isMovable({ mode }: Pick<fs.BigIntStats, 'mode'>): boolean {
  return (mode & 0o200n) !== 0n;
}

/** Whether `file` is still what the fingerprint says. The size of a folder is not compared, since it depends on the file system. */
export function stillIs(file: string, expected: Fingerprint | null): boolean {
  const stat = lstatOrNull(file);
  if (stat === null || expected === null) return stat === null && expected === null;
  const found = fingerprint(stat);
  if (found.type !== expected.type || found.ino !== expected.ino) return false;
  if (expected.inside !== undefined) return insideOf(file) === expected.inside;
  return found.mtimeNs === expected.mtimeNs && (found.type === 'dir' || found.size === expected.size);
}

/** Whether the new content of a unit is in its place. */
export function isIn(root: string, paths: StatePaths, unit: Unit): boolean {
  return (
    unit.hasNew &&
    lstatOrNull(path.join(paths.stage, String(unit.n))) === null &&
    lstatOrNull(toNative(root, unit.path)) !== null &&
    (unit.old === null || lstatOrNull(path.join(paths.aside, String(unit.n))) !== null)
  );
}

/** The change from a folder's live mode and time to the wanted ones. */
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
