import fs from 'node:fs';
import { openRegular } from './regular-file.ts';

/** Reads a file at any place, as often as is wanted. */
export interface FileReader {
  /** Fills the buffer with the bytes from `at`, as far as the file goes. Returns how many there were. */
  read(into: Buffer, at: number): number;
  close(): void;
}

/** Opens a regular file. Throws the system's errors, and EFTYPE for anything else. */
export function openReader(file: string): FileReader {
  const fd = openRegular(file);
  return {
    read(into, at) {
      let done = 0;
      for (let read = 1; read > 0 && done < into.length; done += read)
        read = fs.readSync(fd, into, done, into.length - done, at + done);
      return done;
    },
    close: () => fs.closeSync(fd),
  };
}
