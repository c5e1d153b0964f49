import { keyText, parseKeyText } from '../../databases/key-text.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import { escapeName, shorten } from '../../paths/names.ts';
import { nameOf, type OpenDatabase, readDatabase } from './open-database.ts';

export interface DbGetOptions {
  readonly database: string;
  readonly key: string;
  readonly form: KeyForm;
  readonly cwd: string;
}

/** The value of one record, to the byte. Throws NO_SUCH_RECORD with the key that is nearest. */
export function dbGet(project: Project, options: DbGetOptions, context: Context): Promise<Buffer> {
  const key = wantedKey(options.key, options.form);
  return readDatabase(options.database, { project, cwd: options.cwd, context }, async (database) => {
    const value = await find(database, key, context);
    if (value !== null) return value;
    throw noSuchRecord(database, key, await nearestKey(database, key, context));
  });
}

async function find(
  { engine, files, scratch }: OpenDatabase,
  key: Buffer,
  { signal }: Context,
): Promise<Buffer | null> {
  for await (const batch of engine.records(files, { scratch, signal, prefix: key })) {
    const found = batch.find((record) => record.key.equals(key));
    if (found !== undefined) return found.value;
  }
  return null;
}

/** The key that has most in common with `key` at its beginning and end; of several, the one whose beginning is most alike. */
async function nearestKey(
  { engine, files, scratch }: OpenDatabase,
  key: Buffer,
  { signal }: Context,
): Promise<Buffer | null> {
  let best: Buffer | null = null;
  let most = 0;
  for await (const batch of engine.records(files, { scratch, signal })) {
    for (const record of batch) {
      const common = inCommon(record.key, key);
      if (common > most) [best, most] = [record.key, common];
    }
  }
  return best;
}

function inCommon(a: Buffer, b: Buffer): number {
  const shorter = Math.min(a.length, b.length);
  let begin = 0;
  while (begin < shorter && a[begin] === b[begin]) begin++;
  let end = 0;
  while (begin + end < shorter && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return begin + end + begin / (shorter + 1);
}

function noSuchRecord(database: OpenDatabase, key: Buffer, close: Buffer | null): BackupError {
  const [wanted, nearest] = [keyText(key), close === null ? null : keyText(close)];
  return new BackupError('NO_SUCH_RECORD', `${nameOf(database)} has no record ${shorten(wanted)}`, {
    hint: nearest === null ? 'migbackup db ls lists its keys.' : `The nearest key is "${shorten(nearest)}".`,
    details: { key: wanted, nearest },
  });
}

/** How a key is written on the command line: as `db ls` prints it, or its bytes in hex or base64. */
type KeyForm = 'text' | 'hex' | 'base64';

/** The bytes of a key that somebody wrote. Throws USAGE. */
function wantedKey(written: string, form: KeyForm): Buffer {
  if (form === 'text') return parseKeyText(written);
  const bytes = form === 'hex' ? fromHex(written) : fromBase64(written);
  if (bytes !== null) return bytes;
  throw new BackupError('USAGE', `${shorten(escapeName(written))} is not a key in ${form}`, {
    hint:
      form === 'hex'
        ? 'Give two hex digits for each byte.'
        : 'Give base64, in the standard alphabet of RFC 4648 or in the one for URLs.',
  });
}

function fromHex(written: string): Buffer | null {
  const digits = written.replace(/^0x/i, '');
  return /^(?:[0-9a-f]{2})*$/i.test(digits) ? Buffer.from(digits, 'hex') : null;
}

/** Node skips characters that are not base64, so the result is encoded again and compared. */
function fromBase64(written: string): Buffer | null {
  const bytes = Buffer.from(written, 'base64');
  const same = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return same(bytes.toString('base64')) === same(written) ? bytes : null;
}
