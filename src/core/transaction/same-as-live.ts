import fs from 'node:fs';
import { toNative } from '../paths/paths.ts';
import { modeWithoutMask, type Entry } from '../model/entry.ts';
import { typeOf } from './unit.ts';
import { storedTime } from '../fs/clock.ts';
import { hashFile } from '../fs/hash-file.ts';

/** mtimes that differ by less count as the same, because utimes takes a double. */
const MTIME_SLACK_NS = 1_000_000n;

/** Whether two times are the same, within the precision with which a time can be set. */
export function nearly(a: bigint, b: bigint): boolean {
  const difference = a - b;
  return difference < MTIME_SLACK_NS && difference > -MTIME_SLACK_NS;
}

export interface Comparison {
  readonly owner?: boolean | undefined;
  readonly groupRights?: ReadonlyMap<string, number> | undefined;
}

/**
 * Whether the type and content at `native` are those of the entry: the target of a link, the bytes of a file. The bytes are read only if the size
 * is the same.
 */
export function hasContentOf(
  entry: Pick<Entry, 'type' | 'target' | 'size' | 'sha256'>,
  native: string,
  live: fs.BigIntStats,
): boolean {
  if (typeOf(live) !== entry.type) return false;
  if (entry.type === 'symlink') return fs.readlinkSync(native) === entry.target;
  return entry.type === 'dir' || (Number(live.size) === entry.size && hashFile(native) === entry.sha256);
}

/**
 * Whether the live path is what its entry says. A file is read only if its size, mode and time are the same.
 * @param how.owner a different owner or group counts too
 * @param how.groupRights the group rights of each path with an ACL, since the mode in the backup does not contain the mask either
 */
export function isSameAsLive(root: string, entry: Entry, live: fs.BigIntStats, how: Comparison): boolean {
  const { owner = false, groupRights } = how;
  const mode = modeWithoutMask(Number(live.mode & 0o777n), groupRights?.get(entry.path));
  const owned = Number(live.uid) === entry.uid && Number(live.gid) === entry.gid;
  if (owner && entry.type !== 'dir' && !owned) return false;
  if (entry.type !== 'symlink' && mode !== entry.mode) return false;
  if (entry.type === 'file' && !nearly(storedTime(live.mtimeNs), entry.mtimeNs)) return false;
  return hasContentOf(entry, toNative(root, entry.path), live);
}
