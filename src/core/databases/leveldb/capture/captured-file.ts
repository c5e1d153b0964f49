import { storedTime } from '../../../fs/clock.ts';
import fs from 'node:fs';
import { errnoOf } from '../../../model/backup-error.ts';
import { busy, damaged } from '../format/damage.ts';

/** One file of a capture: what to store, and the bytes, whatever became of the name since. */
export interface CapturedFile {
  readonly name: string;
  /** Bytes; of a log that is being appended to: up to the last whole record. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly uid: number;
  readonly gid: number;
  /** Reads into `block`, never past `size`; returns the number of bytes, 0 at the end. */
  read(block: Buffer, blockOffset: number, length: number, position: number): number;
  /** To be called after the copy: throws DATABASE_BUSY or DATABASE_DAMAGED if the file did not stay what it was. */
  done(): void;
}

type Attributes = Pick<CapturedFile, 'mode' | 'mtimeNs' | 'uid' | 'gid'>;

export function attributesOf(stat: fs.BigIntStats): Attributes {
  return {
    mode: Number(stat.mode & 0o777n),
    mtimeNs: storedTime(stat.mtimeNs),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
}

/** The same file with the same content, as far as the file system tells. */
export function sameFile(a: fs.BigIntStats, b: fs.BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/** True for the errors by which a file that was listed turns out to be gone. Windows says EPERM while a deletion is pending. */
export function isGone(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ESTALE' || (code === 'EPERM' && process.platform === 'win32');
}

/** A small file that is held in memory. */
export function heldFile(name: string, bytes: Buffer, stat: fs.BigIntStats): CapturedFile {
  return {
    name,
    size: bytes.length,
    ...attributesOf(stat),
    read: (block, blockOffset, length, position) => bytes.copy(block, blockOffset, position, position + length),
    done: () => undefined,
  };
}

/** The first `size` bytes of a log, through its pinned descriptor. A log only grows, so what was captured cannot change. */
export function pinnedLog(name: string, fd: number, size: number, stat: fs.BigIntStats): CapturedFile {
  return {
    name,
    size,
    ...attributesOf(stat),
    read: (block, blockOffset, length, position) => readBounded(fd, size, block, blockOffset, length, position),
    done() {
      if (fs.fstatSync(fd).size < size) throw damaged(name, 'the log was cut while it was being copied');
    },
  };
}

/** A whole table, through its pinned descriptor. */
export function pinnedTable(name: string, fd: number, stat: fs.BigIntStats): CapturedFile {
  const size = Number(stat.size);
  return {
    name,
    size,
    ...attributesOf(stat),
    read: (block, blockOffset, length, position) => readBounded(fd, size, block, blockOffset, length, position),
    done() {
      if (!sameFile(fs.fstatSync(fd, { bigint: true }), stat))
        throw damaged(name, 'the table changed while it was being copied');
    },
  };
}

/**
 * A table for which no descriptor was left: it is opened by its name when it is read. If it is gone or another by then,
 * DATABASE_BUSY says that the whole capture has to be taken again.
 */
export function namedTable(name: string, file: string, stat: fs.BigIntStats, opened: Opened): CapturedFile {
  const open = (): number => {
    let fresh: number;
    try {
      fresh = opened.open(file);
    } catch (error) {
      if (isGone(error)) throw busy(name, 'the table was compacted away before it could be copied');
      throw error;
    }
    if (sameFile(fs.fstatSync(fresh, { bigint: true }), stat)) return fresh;
    opened.close(fresh);
    throw busy(name, 'another table took its name before it could be copied');
  };
  return openedLate(name, stat, open, (fd) => {
    const same = sameFile(fs.fstatSync(fd, { bigint: true }), stat);
    opened.close(fd);
    if (!same) throw damaged(name, 'the table changed while it was being copied');
  });
}

/** The first `size` bytes of a table or log that stands in a copy of ours; `stat` is that of the file itself. */
export function spooledFile(
  name: string,
  copy: string,
  stat: fs.BigIntStats,
  opened: Opened,
  size = Number(stat.size),
): CapturedFile {
  return openedLate(
    name,
    stat,
    () => opened.open(copy),
    (fd) => opened.close(fd),
    size,
  );
}

/** Where descriptors are kept that are opened while a capture is read. */
interface Opened {
  open(file: string): number;
  close(fd: number): void;
}

function openedLate(
  name: string,
  stat: fs.BigIntStats,
  open: () => number,
  close: (fd: number) => void,
  size = Number(stat.size),
): CapturedFile {
  let fd: number | undefined;
  return {
    name,
    size,
    ...attributesOf(stat),
    read(block, blockOffset, length, position) {
      fd ??= open();
      return readBounded(fd, size, block, blockOffset, length, position);
    },
    done() {
      if (fd !== undefined) close(fd);
      fd = undefined;
    },
  };
}

function readBounded(
  fd: number,
  size: number,
  block: Buffer,
  blockOffset: number,
  length: number,
  position: number,
): number {
  const wanted = Math.min(length, size - position);
  return wanted <= 0 ? 0 : fs.readSync(fd, block, blockOffset, wanted, position);
}
