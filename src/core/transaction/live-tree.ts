import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { openRegular } from '../fs/regular-file.ts';
import { toNative } from '../fs/paths.ts';

/** All paths below a live folder, folders included, links not followed. */
export function listBelow(root: string, top: string): string[] {
  const found: string[] = [];
  for (const entry of fs.readdirSync(toNative(root, top), { withFileTypes: true })) {
    const child = `${top}/${entry.name}`;
    found.push(child);
    if (entry.isDirectory()) found.push(...listBelow(root, child));
  }
  return found;
}

/** One for all: a new one for each of thousands of files keeps the garbage collector busy. */
const block = Buffer.allocUnsafeSlow(1 << 18);

/** SHA-256 of a live file, never through a link. */
export function hashLive(file: string): string {
  const fd = openRegular(file);
  try {
    const hash = createHash('sha256');
    for (let read = fs.readSync(fd, block); read > 0; read = fs.readSync(fd, block))
      hash.update(block.subarray(0, read));
    return hash.digest('hex');
  } finally {
    fs.closeSync(fd);
  }
}
