/*
 * Room "fs": what Node lacks for files. Everything here that is called durable survives a power cut once it has returned.
 */
import fs from 'node:fs';
import path from 'node:path';
import { BackupError } from '../model/backup-error.ts';
import { giveFolderToOwner, giveToFolderOwner } from './folder-owner.ts';
import { temporaryBeside } from './temporary-file.ts';

/** errno values by which a file system says that it cannot fsync a folder; anything else (EIO above all) is an error. */
const NO_DIRECTORY_FSYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

function errno(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Writes all of `bytes` at the descriptor's position; a short write is continued. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.byteLength) done += fs.writeSync(fd, bytes, done, bytes.byteLength - done);
}

/** Makes the names in `dir` durable. Windows has no such call and journals names itself, so EPERM and its like are ignored there. */
export function fsyncDir(dir: string): void {
  const fd = openDir(dir);
  if (fd === null) return;
  try {
    fs.fsyncSync(fd);
  } catch (error) {
    throwUnlessUnknown(error);
  } finally {
    fs.closeSync(fd);
  }
}

/** The same while this thread goes on. */
export async function fsyncDirMeanwhile(dir: string): Promise<void> {
  const fd = openDir(dir);
  if (fd === null) return;
  try {
    await fsyncMeanwhile(fd);
  } catch (error) {
    throwUnlessUnknown(error);
  } finally {
    fs.closeSync(fd);
  }
}

/** null where a folder cannot be opened by anybody. */
function openDir(dir: string): number | null {
  try {
    return fs.openSync(dir, fs.constants.O_RDONLY | (fs.constants.O_DIRECTORY ?? 0));
  } catch (error) {
    if (process.platform === 'win32' && ['EISDIR', 'EPERM', 'EACCES'].includes(errno(error) ?? '')) return null;
    throw error;
  }
}

/** Passes over that a file system knows no fsync of folders. */
function throwUnlessUnknown(error: unknown): void {
  const code = errno(error) ?? '';
  if (!NO_DIRECTORY_FSYNC.has(code) && !(process.platform === 'win32' && code === 'EPERM')) throw error;
}

/**
 * Makes a folder and those above it that are missing, so that they are there after a power cut too. One that is there already is synced into
 * its parent all the same: who made it may have been killed before that.
 */
export function mkdirDurable(folder: string, mode?: number): void {
  const first = fs.mkdirSync(folder, { recursive: true, ...(mode !== undefined && { mode }) });
  if (first !== undefined) giveToOwners(path.resolve(first), path.resolve(folder));
  const topmost = first ?? folder;
  let made = path.resolve(folder);
  for (; made !== path.resolve(topmost); made = path.dirname(made)) fsyncDir(path.dirname(made));
  try {
    fsyncDir(path.dirname(made));
  } catch (error) {
    // A folder that we may not read cannot be synced by itself; what is in it may be ours all the same.
    if (errno(error) !== 'EACCES') throw error;
  }
}

/** From the topmost folder that was made down to the last: each belongs to whom the one above it does. */
function giveToOwners(topmost: string, last: string): void {
  const below = path.relative(topmost, last).split(path.sep);
  for (let depth = 0; depth <= below.length; depth++) {
    const made = path.join(topmost, ...below.slice(0, depth));
    if (depth === 0 || below[depth - 1] !== '') giveFolderToOwner(made);
  }
}

/**
 * Makes what was written to a descriptor durable while this thread goes on. An error counts: the system tells it once, and the next call would
 * answer that all is well.
 */
export function fsyncMeanwhile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Sends what was written to a descriptor on its way to the disk while more is written; what comes in meanwhile is not covered. An error counts. */
export function flushMeanwhile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}

/**
 * Writes a new file, which is there and whole when this returns its promise; the promise resolves when its content is durable. For a folder that
 * nobody takes for finished yet: a crash may leave part of the file. `mode` is exact whatever the umask. Throws if it cannot be written.
 */
export function writeNewMeanwhile(file: string, bytes: Uint8Array | string, mode = 0o600): Promise<void> {
  const fd = fs.openSync(file, 'wx', mode);
  try {
    giveToFolderOwner(fd, path.dirname(file));
    writeAll(fd, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    fs.fchmodSync(fd, mode);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return fsyncMeanwhile(fd).finally(() => fs.closeSync(fd));
}

/** Makes the content of an existing file durable. */
export function fsyncFile(file: string): void {
  const fd = fs.openSync(file, process.platform === 'win32' ? 'r+' : 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Writes a file so that it is either absent (or its old self) or complete. Its content is durable then, its name only once its folder is
 * synced. `mode` is exact whatever the umask.
 */
export function writeFileSynced(file: string, bytes: Uint8Array | string, mode = 0o600): void {
  const temporary = temporaryBeside(file);
  try {
    const fd = fs.openSync(temporary, 'wx', mode);
    try {
      giveToFolderOwner(fd, path.dirname(file));
      writeAll(fd, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
      fs.fchmodSync(fd, mode);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** The same, with its name durable too: it is there after a power cut. */
export function writeFileDurable(file: string, bytes: Uint8Array | string, mode?: number): void {
  writeFileSynced(file, bytes, mode);
  fsyncDir(path.dirname(file));
}

/** lstat with nanosecond times, or null where nothing is. */
export function lstatOrNull(file: string): fs.BigIntStats | null {
  try {
    return fs.lstatSync(file, { bigint: true });
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** Removes a file or a whole tree, never through a link; folders without owner permissions are opened first. Nothing there is fine. */
export function removeTree(target: string): void {
  const stat = lstatOrNull(target);
  if (stat === null) return;
  if (!stat.isDirectory()) {
    fs.unlinkSync(target);
    return;
  }
  if ((stat.mode & 0o700n) !== 0o700n) fs.chmodSync(target, 0o700);
  for (const name of fs.readdirSync(target, { encoding: 'buffer' })) {
    removeTreeRaw(Buffer.concat([Buffer.from(target + path.sep), name]));
  }
  fs.rmdirSync(target);
}

/** The same below the top, where a name may not be valid UTF-8. */
function removeTreeRaw(target: Buffer): void {
  const stat = fs.lstatSync(target);
  if (!stat.isDirectory()) {
    fs.unlinkSync(target);
    return;
  }
  if ((stat.mode & 0o700) !== 0o700) fs.chmodSync(target, 0o700);
  for (const name of fs.readdirSync(target, { encoding: 'buffer' })) {
    removeTreeRaw(Buffer.concat([target, Buffer.from(path.sep), name]));
  }
  fs.rmdirSync(target);
}

/**
 * Gives something its name in the same folder, durably, or not at all: if the disk does not take the new name, it has its old one again when the
 * error is thrown.
 * @throws BackupError ROLLBACK_FAILED where not even that worked
 */
export function renameDurable(from: string, to: string): void {
  fs.renameSync(from, to);
  try {
    fsyncDir(path.dirname(to));
  } catch (cause) {
    try {
      fs.renameSync(to, from);
    } catch {
      throw new BackupError(
        'ROLLBACK_FAILED',
        `${to} is complete, but the disk did not take its name: a power cut may undo it`,
        {
          hint: 'Look at the disk. If it is well, sync it, and verify.',
          path: to,
          cause,
        },
      );
    }
    throw cause;
  }
}
