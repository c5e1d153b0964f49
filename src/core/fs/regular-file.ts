import fs from 'node:fs';
import { errnoOf } from '../model/backup-error.ts';

/** Windows has neither of the last two. There they are undefined, which `|` treats as 0. */
const { O_RDONLY, O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * Opens an untrusted file for reading. It never follows a link and never waits for a pipe. Throws the system's error, or EFTYPE if it is not a
 * regular file.
 */
export function openRegular(file: string): number {
  return open(file, O_RDONLY);
}

/** The same for reading and appending. The file is made (0600) if it is missing. */
export function openAppend(file: string): number {
  return open(file, O_RDWR | O_APPEND | O_CREAT);
}

function open(file: string, flags: number): number {
  const fd = fs.openSync(file, flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  throw odd('EFTYPE', `not a regular file: ${file}`);
}

/** The errors that mean that there is no regular file: nothing, a link, a folder, a pipe or a socket. */
const NO_FILE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'EISDIR', 'ENXIO', 'EOPNOTSUPP', 'EFTYPE']);

/** Whether opening failed because there is no regular file. Other errors (EACCES, EIO) do not say what is there. */
export function isNoFile(error: unknown): boolean {
  return NO_FILE.has(errnoOf(error) ?? '');
}

/** All bytes of such a file. Throws EFBIG if it is too large. */
export function readRegular(file: string, maxBytes: number): Buffer {
  const fd = openRegular(file);
  try {
    if (fs.fstatSync(fd).size > maxBytes) throw odd('EFBIG', `larger than ${maxBytes} bytes: ${file}`);
    return fs.readFileSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * All bytes of a small file that a person names, which may be a link to it, and its mode. Never waits for a pipe. Throws EFTYPE for anything else and EFBIG
 * if it is too large.
 */
export function readNamed(file: string, maxBytes: number): { bytes: Buffer; mode: number } {
  const fd = fs.openSync(file, O_RDONLY | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw odd('EFTYPE', `not a regular file: ${file}`);
    if (stat.size > maxBytes) throw odd('EFBIG', `larger than ${maxBytes} bytes: ${file}`);
    return { bytes: fs.readFileSync(fd), mode: stat.mode };
  } finally {
    fs.closeSync(fd);
  }
}

/** Throws EFTYPE if something other than a real folder is there, even a link to a folder. */
export function assertFolder(folder: string): void {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) throw odd('EFTYPE', `not a real folder: ${folder}`);
}

function odd(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
