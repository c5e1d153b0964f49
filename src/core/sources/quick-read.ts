import { hash } from 'node:crypto';
import fs from 'node:fs';
import type { ScannedEntry } from '../model/entry.ts';
import { READ_FLAGS, type Inspect, type MemberTarget, type ReadOutcome } from './file-reader.ts';
import { isUnchanged, type FileState } from './file-state.ts';

/** Bigger files are read straight into the archive, piece by piece. */
const LIMIT_BYTES = 256 << 10;
const block = Buffer.allocUnsafeSlow(LIMIT_BYTES + 1);

/**
 * Reads a small file that the scan has seen settled, with four system calls: unchanged from the scan's stat to one after the read, so
 * what was read is what stood there all that time. Null if it is big or anything is out of the ordinary: nothing has reached the target
 * then, and `readFileInto` finds out what it is.
 */
export function quickRead(
  file: string,
  entry: ScannedEntry,
  seen: FileState,
  target: MemberTarget,
  inspect: Inspect | undefined,
): ReadOutcome | null {
  if (seen.size > LIMIT_BYTES || !readUnchanged(file, seen)) return null;
  const content = block.subarray(0, seen.size);
  const sha256 = hash('sha256', content, 'hex');
  inspect?.(content);
  const offset = target.begin(entry);
  target.write(content);
  target.end();
  return { status: 'ok', entry, sha256, offset };
}

/** Fills the block. Asks for a byte more than there should be, so that a file that grew gives itself away. */
function readUnchanged(file: string, seen: FileState): boolean {
  let fd: number;
  try {
    fd = fs.openSync(file, READ_FLAGS);
  } catch {
    return false;
  }
  try {
    return fs.readSync(fd, block, 0, seen.size + 1, 0) === seen.size && isUnchanged(seen, fs.fstatSync(fd));
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}
