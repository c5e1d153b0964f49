import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { lstatOrNull, writeFileDurable } from '../../fs/durable.ts';
import { escapeName } from '../../paths/names.ts';
import { BackupError, errnoOf } from '../../model/backup-error.ts';

const NEW_FILE_MODE = 0o644;

/** The file that init wants to write, as it is now: its text, or why init does not touch it. */
export type Existing =
  | { readonly state: 'absent' }
  | { readonly state: 'text'; readonly text: string; readonly mode: number }
  | { readonly state: 'unusable'; readonly why: string };

/** Reads a file that init may edit. A link or a text that is not UTF-8 is left alone, because it could not be written back unchanged. */
export function readExisting(file: string): Existing {
  const stat = lstatOrNull(file);
  if (stat === null) return { state: 'absent' };
  if (!stat.isFile()) return { state: 'unusable', why: 'is not a regular file' };
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(file);
  } catch (cause) {
    return { state: 'unusable', why: `cannot be read (${errnoOf(cause)})` };
  }
  if (!isUtf8(bytes)) return { state: 'unusable', why: 'is not UTF-8' };
  return { state: 'text', text: bytes.toString('utf8'), mode: Number(stat.mode & 0o777n) };
}

/** Writes a new or edited file, keeping the mode it had. Throws IO. */
export function writeText(file: string, text: string, before: Existing): void {
  try {
    writeFileDurable(file, text, before.state === 'text' ? before.mode : NEW_FILE_MODE);
  } catch (cause) {
    throw new BackupError('IO', `${escapeName(file)} cannot be written (${errnoOf(cause)})`, {
      hint: 'Make the project folder writable, then run init again: it continues where it stopped.',
      path: file,
      cause,
    });
  }
}

/** The line ending of a text, judged by its first line. */
export function eolOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}
