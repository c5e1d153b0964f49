import fs from 'node:fs';
import path from 'node:path';
import { writeAll } from '../fs/durable.ts';

/**
 * Bytes that can be read at any position. `read` returns exactly `length` bytes, or fewer at the end of the file. The caller must not change the view
 * that it gets.
 */
export interface RandomAccess {
  readonly size: number;
  read(position: number, length: number): Buffer;
  close?(): void;
}

/** The parts of a database (engine.ts), wherever they are: on disk, in an archive, in a capture. */
export interface DatabaseFiles {
  /** The folder that they are in, if it is one of ours: its files may be linked instead of copied. */
  readonly ours?: string;
  names(): string[];
  open(name: string): RandomAccess;
}

/** Reads `length` bytes at `position` of a descriptor, fewer only at its end. */
export function readFully(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const count = fs.readSync(fd, bytes, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done === length ? bytes : bytes.subarray(0, done);
}

/** The first `size` bytes of a descriptor that somebody else closes. */
export function descriptorBytes(fd: number, size: number): RandomAccess {
  return {
    size,
    read: (position, length) => readFully(fd, position, Math.max(0, Math.min(length, size - position))),
  };
}

/** A buffer as a file. */
export function bufferBytes(bytes: Buffer): RandomAccess {
  return { size: bytes.length, read: (position, length) => bytes.subarray(position, position + length) };
}

/** Copies a part into a new file, `step` bytes each time that the caller asks for the next value. */
export function* copyPart(files: DatabaseFiles, name: string, to: string, step: number): Generator<void> {
  const from = files.open(name);
  const fd = fs.openSync(to, 'wx', 0o600);
  try {
    for (let position = 0; position < from.size;) {
      const bytes = from.read(position, Math.min(step, from.size - position));
      if (bytes.length === 0) break;
      writeAll(fd, bytes);
      position += bytes.length;
      yield;
    }
  } finally {
    fs.closeSync(fd);
    from.close?.();
  }
}

/** The size of a part in bytes. */
export function partSize(files: DatabaseFiles, name: string): number {
  const file = files.open(name);
  file.close?.();
  return file.size;
}

/**
 * Files on disk as parts of a database, opened read-only; `close` closes those that are still open.
 * @param fileOf the absolute path of a part
 */
export function openableParts(
  names: () => string[],
  fileOf: (name: string) => string,
): DatabaseFiles & { close(): void } {
  const open = new Set<number>();
  const closeOne = (fd: number): void => {
    if (open.delete(fd)) fs.closeSync(fd);
  };
  return {
    names,
    open(name) {
      const fd = fs.openSync(fileOf(name), 'r');
      open.add(fd);
      return { ...descriptorBytes(fd, fs.fstatSync(fd).size), close: () => closeOne(fd) };
    },
    close() {
      for (const fd of open) closeOne(fd);
    },
  };
}

/** The files of a folder. LOCK is never opened: reading it would drop a lock that this very process holds. */
export function folderFiles(dir: string): DatabaseFiles & { close(): void } {
  return openableParts(
    () => fs.readdirSync(dir),
    (name) => path.join(dir, name),
  );
}

/** Serves many small forward reads from a few large ones. Views stay valid, because every refill is a new buffer. */
export function readAhead(file: RandomAccess, windowSize: number): RandomAccess {
  let window: Buffer = Buffer.alloc(0);
  let start = 0;
  return {
    size: file.size,
    read(position, length) {
      if (position < start || position + length > start + window.length) {
        window = file.read(position, Math.max(length, windowSize));
        start = position;
      }
      return window.subarray(position - start, position - start + length);
    },
  };
}
