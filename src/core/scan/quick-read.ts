import fs from 'node:fs';
import { READ_FLAGS } from './file-reader.ts';
import { isUnchanged, type FileState } from './file-state.ts';

/**
 * Reads a small file that the scan has seen settled, with four system calls. True if it was unchanged from the scan's stat to one after the
 * read, so that what was read is what stood there all that time. False if anything is out of the ordinary; then what is in `room` says nothing.
 * @param room takes the content at `from`; there has to be room for a byte more than the file had, by which one that grew gives itself away
 */
export function readUnchanged(file: string, seen: FileState, room: Uint8Array, from: number): boolean {
  let fd: number;
  try {
    fd = fs.openSync(file, READ_FLAGS);
  } catch {
    return false;
  }
  try {
    return fs.readSync(fd, room, from, seen.size + 1, 0) === seen.size && isUnchanged(seen, fs.fstatSync(fd));
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}
