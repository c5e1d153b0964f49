import fs from 'node:fs';
import { toNative } from '../paths/paths.ts';
import type { Entry } from '../model/entry.ts';
import { typeOf } from './unit.ts';
import { hashFile } from '../fs/hash-file.ts';

/** mtimes that differ by less are the same: utimes takes a double. */
const MTIME_SLACK_NS = 1_000_000n;

/** Whether two times are the same, as far as a time can be set. */
export function nearly(a: bigint, b: bigint): boolean {
  const difference = a - b;
  return difference < MTIME_SLACK_NS && difference > -MTIME_SLACK_NS;
}

/**
 * Whether what stands at an entry's path is what the entry says; a file is read only if its size, mode and time are the same.
 * @param owner another owner or group is a difference too
 */
export function isSameAsLive(root: string, entry: Entry, live: fs.BigIntStats, owner: boolean): boolean {
  if (typeOf(live) !== entry.type) return false;
  const owned = Number(live.uid) === entry.uid && Number(live.gid) === entry.gid;
  if (owner && entry.type !== 'dir' && !owned) return false;
  if (entry.type === 'symlink') return fs.readlinkSync(toNative(root, entry.path)) === entry.target;
  if (entry.type === 'dir') return Number(live.mode & 0o777n) === entry.mode;
  if (Number(live.size) !== entry.size || Number(live.mode & 0o777n) !== entry.mode) return false;
  return nearly(live.mtimeNs, entry.mtimeNs) && hashFile(toNative(root, entry.path)) === entry.sha256;
}
