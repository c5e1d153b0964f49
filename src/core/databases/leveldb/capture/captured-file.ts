import fs from 'node:fs';
import { errnoOf } from '../../../model/backup-error.ts';
import { attributesOf, readBounded, type CapturedFile } from '../../captured-file.ts';
import { busy, damaged } from '../../damage.ts';

/** Whether both are the same file with the same content, as far as the file system can tell. */
export function sameFile(a: fs.BigIntStats, b: fs.BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/** Whether an error means that a listed file is gone. Windows answers EPERM while a deletion is pending. */
export function isGone(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ESTALE' || (code === 'EPERM' && process.platform === 'win32');
}

/** The first `size` bytes of a log, through its pinned descriptor. A log only grows, so what was captured cannot change. */
export function pinnedLog(name: string, fd: number, size: number, stat: fs.BigIntStats): CapturedFile {
  return pinned({ name, fd, stat, size }, () => {
    if (fs.fstatSync(fd).size < size) throw damaged(name, 'the log was cut while it was being copied');
  });
}

/** A whole table, through its pinned descriptor. */
export function pinnedTable(name: string, fd: number, stat: fs.BigIntStats): CapturedFile {
  return pinned({ name, fd, stat, size: Number(stat.size) }, () => {
    if (!sameFile(fs.fstatSync(fd, { bigint: true }), stat))
      throw damaged(name, 'the table changed while it was being copied');
  });
}

function pinned(
  { name, fd, stat, size }: { name: string; fd: number; stat: fs.BigIntStats; size: number },
  done: () => void,
): CapturedFile {
  return {
    name,
    size,
    ...attributesOf(stat),
    read: (block, blockOffset, length, position) => readBounded(fd, size, block, blockOffset, length, position),
    done,
  };
}

/**
 * A table for which no descriptor was left: it is opened by its name when it is read. If the name is gone or leads to another file by then,
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

/** The first `size` bytes of a table or log, read from our copy of it. `stat` is that of the original. */
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

/** Keeps the descriptors that are opened while a capture is read. */
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
