import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { isChatter } from '../databases/engines.ts';
import { hashFile } from '../fs/hash-file.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { comparePaths, type Entry } from '../model/entry.ts';

/** A file or link below the top of a unit, and what is in it. */
type Item = readonly [relative: string, type: string, content: string];

/**
 * A digest of the files and links of a unit, with all their bytes. Folders, modes and times do not count as data. Nor do database files without data:
 * any program that tries to open the database makes them.
 * @param content all that is at or below `top`
 */
export function contentDigest(top: string, content: readonly Entry[]): string {
  const paths = new Set(content.map((entry) => entry.path));
  const items = content.flatMap((entry): Item[] => {
    const chatter = isChatter(entry.path, (path) => paths.has(path));
    if (entry.type === 'dir' || chatter || isEmptyLock(entry.path, entry.size)) return [];
    return [[entry.path.slice(top.length), entry.type, entry.sha256 ?? entry.target ?? '']];
  });
  return digestOf(items);
}

/** The same digest for what is on disk at `native`. Everything is read. */
export function contentDigestAt(native: string): string {
  return digestOf([...itemsAt(native, '')]);
}

function* itemsAt(native: string, relative: string): Generator<Item> {
  const stat = lstatOrNull(native);
  if (stat === null) return;
  if (stat.isDirectory()) {
    const names = fs.readdirSync(native);
    const has = (each: string): boolean => names.includes(each.slice(1));
    for (const name of names)
      if (!isChatter(`/${name}`, has)) yield* itemsAt(path.join(native, name), `${relative}/${name}`);
  } else if (isEmptyLock(relative, Number(stat.size))) return;
  else if (stat.isFile()) yield [relative, 'file', hashFile(native)];
  else if (stat.isSymbolicLink()) yield [relative, 'symlink', fs.readlinkSync(native)];
  else yield [relative, 'other', ''];
}

/** A program that wants the lock makes this file, even in a folder that is no longer a database. */
function isEmptyLock(path: string, size: number): boolean {
  return size === 0 && path.endsWith('/LOCK');
}

function digestOf(items: readonly Item[]): string {
  const hash = createHash('sha256');
  for (const item of items.toSorted(([a], [b]) => comparePaths(a, b))) hash.update(JSON.stringify(item));
  return hash.digest('hex');
}
