import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { BackupError, errnoOf } from '../model/backup-error.ts';

/** Far more than any config needs. */
const MAX_BYTES = 4 << 20;

/** The text of a config file; undefined if it is missing and not `required`. Throws CONFIG_INVALID if the file is not text. */
export function readText(file: string, required: boolean): string | undefined {
  const bytes = readBytes(file, required);
  if (bytes === undefined) return undefined;
  if (!isUtf8(bytes)) throw invalid(file, 'is not UTF-8', 'Save it as UTF-8.');
  return bytes.toString('utf8');
}

/** The bytes of a file; undefined if it is missing and not `required`. Throws CONFIG_INVALID if it is not a file, or far too large. */
export function readBytes(file: string, required: boolean): Buffer | undefined {
  try {
    // A checkout may contain a pipe, and reading it would never end.
    const stat = fs.statSync(file);
    if (!stat.isFile() && !required) throw invalid(file, 'is not a regular file', 'Move it to another place.');
    if (stat.size > MAX_BYTES)
      throw invalid(file, `is larger than ${MAX_BYTES} bytes`, 'Use patterns instead of long lists of paths.');
    return fs.readFileSync(file);
  } catch (cause) {
    if (cause instanceof BackupError) throw cause;
    if (!required && errnoOf(cause) === 'ENOENT') return undefined;
    const gone = errnoOf(cause) === 'ENOENT';
    const what = gone ? 'does not exist' : `cannot be read (${errnoOf(cause)})`;
    const hint = gone
      ? 'Give an existing file with --config.'
      : 'Check the path that --config gives, or its permissions.';
    throw invalid(file, what, hint, cause);
  }
}

/** The error that says what is wrong with a config and what to do. */
export function invalid(file: string, what: string, hint: string, cause?: unknown): BackupError {
  return new BackupError('CONFIG_INVALID', `${file}: ${what}`, {
    hint,
    path: file,
    ...(cause === undefined ? {} : { cause }),
  });
}
