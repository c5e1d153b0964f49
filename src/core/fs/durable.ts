/*
 * Room "fs": what Node lacks for files. A function with "durable" in its name has made its result survive a power cut when it returns.
 */
import fs from 'node:fs';
import path from 'node:path';
import { BackupError } from '../model/backup-error.ts';
import { giveFolderToOwner, giveToFolderOwner } from './folder-owner.ts';
import { temporaryBeside } from './temporary-file.ts';

/** The errno values with which a file system says that it cannot fsync a folder. All others, above all EIO, are errors. */
const NO_DIRECTORY_FSYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

function errno(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Writes all of `bytes` at the descriptor's position, and continues after a short write. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.byteLength) done += fs.writeSync(fd, bytes, done, bytes.byteLength - done);
}

/** Makes the names in `dir` durable. Windows has no such call and journals names itself, so EPERM and similar errors are ignored there. */
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

/** The same, while this thread continues. */
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

/** Null on a system where a folder cannot be opened. */
function openDir(dir: string): number | null {
  try {
    return fs.openSync(dir, fs.constants.O_RDONLY | (fs.constants.O_DIRECTORY ?? 0));
  } catch (error) {
    if (process.platform === 'win32' && ['EISDIR', 'EPERM', 'EACCES'].includes(errno(error) ?? '')) return null;
    throw error;
  }
}

/** Ignores an error that says that the file system cannot fsync folders. */
function throwUnlessUnknown(error: unknown): void {
  const code = errno(error) ?? '';
  if (!NO_DIRECTORY_FSYNC.has(code) && !(process.platform === 'win32' && code === 'EPERM')) throw error;
}

/**
 * Makes a folder and missing folders above it, durably. A folder that exists already is also synced into its parent, because the process that made it
 * may have been killed before it did that.
 */
export function mkdirDurable(folder: string, mode?: number): void {
  const first = makeFolders(folder, mode);
  if (first !== undefined) giveToOwners(path.resolve(first), path.resolve(folder));
  const topmost = first ?? folder;
  let made = path.resolve(folder);
  for (; made !== path.resolve(topmost); made = path.dirname(made)) fsyncDir(path.dirname(made));
  try {
    fsyncDir(path.dirname(made));
  } catch (error) {
    // A folder that we may not read cannot be synced by itself. Its content may still be ours.
    if (errno(error) !== 'EACCES') throw error;
  }
}

/**
 * Makes a folder and the missing ones above it, and returns the topmost that was made; undefined if the folder exists. Node's own recursive mkdir never
 * returns where a folder exists in which none can be made, and the system says so with ENOENT (/proc).
 */
function makeFolders(folder: string, mode: number | undefined): string | undefined {
  if (makeFolder(folder, mode)) return folder;
  const parent = path.dirname(path.resolve(folder));
  if (parent === path.resolve(folder) || isFolder(folder)) return undefined;
  const first = makeFolders(parent, mode);
  // With its parent there, ENOENT is an answer. A folder that somebody else has made meanwhile is as good.
  if (makeFolder(folder, mode)) return first ?? folder;
  if (!isFolder(folder)) fs.mkdirSync(folder, { mode });
  return first;
}

/** False if the folder exists already, or one above it is missing. */
function makeFolder(folder: string, mode: number | undefined): boolean {
  try {
    fs.mkdirSync(folder, { mode });
    return true;
  } catch (error) {
    if (errno(error) !== 'ENOENT' && !isFolder(folder)) throw error;
    return false;
  }
}

const isFolder = (folder: string): boolean => fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;

/** Gives each folder that was made, from the topmost down, to the owner of the folder above it. */
function giveToOwners(topmost: string, last: string): void {
  const below = path.relative(topmost, last).split(path.sep);
  for (let depth = 0; depth <= below.length; depth++) {
    const made = path.join(topmost, ...below.slice(0, depth));
    if (depth === 0 || below[depth - 1] !== '') giveFolderToOwner(made);
  }
}

/**
 * Makes what was written to a descriptor durable while this thread continues. Do not ignore an error: the system reports it only once, and the next
 * call would succeed.
 */
export function fsyncMeanwhile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Starts to write a descriptor's data to the disk while more is written to it. What is written meanwhile is not covered. Do not ignore an error. */
export function flushMeanwhile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}

/**
 * Writes a new file. The file is complete when this returns its promise, and its content is durable when the promise resolves. Use this only in a
 * folder that does not count as finished yet, because a crash may leave part of the file. `mode` is exact whatever the umask. Throws if it cannot be
 * written.
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
 * Writes a file so that it is either complete or as before (missing or old). Its content is durable on return, but its name only after its folder is
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

/** The same, and the name is durable too. */
export function writeFileDurable(file: string, bytes: Uint8Array | string, mode?: number): void {
  writeFileSynced(file, bytes, mode);
  fsyncDir(path.dirname(file));
}

/** lstat with nanosecond times, or null if nothing is there. */
export function lstatOrNull(file: string): fs.BigIntStats | null {
  try {
    return fs.lstatSync(file, { bigint: true });
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** Removes a file or a whole tree, never through a link. Folders without owner permissions are made accessible first. It is fine if nothing is there. */
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

/** The same for everything below the top, where names may not be valid UTF-8. */
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
 * Renames something within its folder, durably or not at all: if the new name cannot be made durable, the old name is back when the error is thrown.
 * @throws BackupError ROLLBACK_FAILED if even the old name could not be restored
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
        `${to} is complete, but its name could not be made durable: a power cut may undo the rename`,
        {
          hint: 'Check the disk. If it is healthy, run: sync. Then verify the backup.',
          path: to,
          cause,
        },
      );
    }
    throw cause;
  }
}

/** The number of libuv's threads. More would gain nothing. */
const AT_ONCE = 4;

/**
 * Removes a folder and everything in it, never through a link, several files at a time. On a file system that tells the disk at once which blocks are
 * free (ext4 with `discard`), each removal waits about 2.3 ms for the disk. Folders without owner permissions are made accessible first.
 */
export async function removeInParallel(folder: string): Promise<void> {
  await removeFolder(Buffer.from(folder));
}

/** Paths are bytes here, because names may not be valid UTF-8. */
async function removeFolder(folder: Buffer): Promise<void> {
  if ((fs.lstatSync(folder).mode & 0o700) !== 0o700) fs.chmodSync(folder, 0o700);
  const names = fs.readdirSync(folder, { encoding: 'buffer' });
  const worker = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const child = Buffer.concat([folder, Buffer.from(path.sep), name]);
      if (fs.lstatSync(child).isDirectory()) await removeFolder(child);
      else await fs.promises.unlink(child);
    }
  };
  // All removals have ended before an error is thrown, so nothing continues in the background.
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  fs.rmdirSync(folder);
}
