import fs from 'node:fs';
import { errnoOf } from '../model/backup-error.ts';

/** Windows knows neither of the last two: there they are undefined, which an `|` takes for 0. */
const { O_RDONLY, O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * Opens a file for reading that nobody vouches for: never through a link, and a pipe in its place is not waited for. Throws the system's
 * error, or EFTYPE for what is no regular file.
 */
export function openRegular(file: string): number {
  return open(file, O_RDONLY);
}

/** The same for reading and appending; it is made (0600) if it is not there. */
export function openAppend(file: string): number {
  return open(file, O_RDWR | O_APPEND | O_CREAT);
}

function open(file: string, flags: number): number {
  const fd = fs.openSync(file, flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  throw odd('EFTYPE', `not a regular file: ${file}`);
}

/** What the system says where no regular file stands: nothing at all, a link, a folder, a pipe, a socket. */
const NO_FILE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'EISDIR', 'ENXIO', 'EOPNOTSUPP', 'EFTYPE']);

/** True if opening failed because no regular file stands there; anything else (EACCES, EIO) says nothing about what does. */
export function isNoFile(error: unknown): boolean {
  return NO_FILE.has(errnoOf(error) ?? '');
}

/** All bytes of such a file. Throws EFBIG too. */
export function readRegular(file: string, maxBytes: number): Buffer {
  const fd = openRegular(file);
  try {
    if (fs.fstatSync(fd).size > maxBytes) throw odd('EFBIG', `larger than ${maxBytes} bytes: ${file}`);
    return fs.readFileSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Throws EFTYPE if something other than a real folder stands there, a link to one too. */
export function assertFolder(folder: string): void {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) throw odd('EFTYPE', `not a real folder: ${folder}`);
}

function odd(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
