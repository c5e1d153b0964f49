import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** What a path is, in words that can be compared and shown. */
interface Snapshot {
  readonly type: 'file' | 'dir' | 'symlink' | 'other';
  readonly mode: number;
  /** Milliseconds; folders have one only where that is asked for: their time changes whenever something in them is replaced. */
  readonly mtime: number | undefined;
  readonly content: Buffer | string | undefined;
}

export type Tree = ReadonlyMap<string, Snapshot>;

function snapshot(file: string, folderTimes: boolean): Snapshot {
  const stat = lstatSync(file);
  const mode = stat.mode & 0o777;
  if (stat.isDirectory())
    return { type: 'dir', mode, mtime: folderTimes ? stat.mtimeMs : undefined, content: undefined };
  if (stat.isSymbolicLink()) return { type: 'symlink', mode, mtime: undefined, content: readlinkSync(file) };
  if (!stat.isFile()) return { type: 'other', mode, mtime: undefined, content: undefined };
  return { type: 'file', mode, mtime: stat.mtimeMs, content: readFileSync(file) };
}

/** Everything below a folder; `leaveOut` names top-level entries that do not count (backups/, .migbackup/). */
export function readTree(root: string, leaveOut: readonly string[] = [], { folderTimes = false } = {}): Tree {
  const tree = new Map<string, Snapshot>();
  function walk(folder: string): void {
    const names = readdirSync(path.join(root, folder)).toSorted();
    // Also one that has lost its CURRENT: LOCK is made there too while something else takes its place.
    const isDatabase = names.some((name) => name === 'CURRENT' || name.startsWith('MANIFEST-'));
    for (const name of names) {
      // A database's lock and its chatter carry no data: they are never stored, and LevelDB makes them anew.
      if (isDatabase && ['LOCK', 'LOG', 'LOG.old'].includes(name)) continue;
      const relative = path.posix.join(folder, name);
      if (leaveOut.includes(relative)) continue;
      const seen = snapshot(path.join(root, relative), folderTimes);
      tree.set(relative, seen);
      if (seen.type === 'dir') walk(relative);
    }
  }
  walk('');
  return tree;
}

function difference(before: Snapshot, after: Snapshot): string | undefined {
  if (before.type !== after.type) return `was a ${before.type}, is a ${after.type}`;
  if (before.mode !== after.mode) return `mode was ${before.mode.toString(8)}, is ${after.mode.toString(8)}`;
  if (before.mtime !== undefined && after.mtime !== undefined && Math.abs(before.mtime - after.mtime) > 1) {
    return `time was ${before.mtime}, is ${after.mtime}`;
  }
  const same =
    Buffer.isBuffer(before.content) && Buffer.isBuffer(after.content)
      ? before.content.equals(after.content)
      : before.content === after.content;
  return same ? undefined : 'content differs';
}

/** Every difference in bytes, types, modes, link targets and times (1 ms), one line each; empty means equal. */
export function compareTrees(before: Tree, after: Tree): string[] {
  const lines: string[] = [];
  for (const [file, was] of before) {
    const is = after.get(file);
    const what = is ? difference(was, is) : 'is gone';
    if (what) lines.push(`${file}: ${what}`);
  }
  for (const file of after.keys()) if (!before.has(file)) lines.push(`${file}: is new`);
  return lines;
}
