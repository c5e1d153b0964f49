import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { errnoOf } from '../model/backup-error.ts';
import { openRegular } from './regular-file.ts';

const BLOCK_BYTES = 1 << 17;
/** Shared by all calls: a new buffer for each of thousands of files would keep the garbage collector busy. */
let block: Buffer | undefined;

/** SHA-256 (hex) of a regular file's bytes; the descriptor never follows a link. */
export function hashFile(file: string): string {
  const fd = openRegular(file);
  try {
    const hash = createHash('sha256');
    block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES);
    for (let read = fs.readSync(fd, block); read > 0; read = fs.readSync(fd, block))
      hash.update(block.subarray(0, read));
    return hash.digest('hex');
  } finally {
    fs.closeSync(fd);
  }
}

/** Null if the file vanished or cannot be read: then it is not known to be the same as another one. */
export function hashIfReadable(file: string): string | null {
  try {
    return hashFile(file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}
