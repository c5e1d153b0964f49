import { parseKeyText } from '../../databases/key-text.ts';
import { BackupError } from '../../model/backup-error.ts';
import { escapeName, shorten } from '../../paths/names.ts';

/** How a key is written on the command line: as `db ls` prints it, or its bytes in hex or base64. */
export type KeyForm = 'text' | 'hex' | 'base64';

/** The bytes of a key that somebody wrote. Throws USAGE. */
export function wantedKey(written: string, form: KeyForm): Buffer {
  if (form === 'text') return parseKeyText(written);
  const bytes = form === 'hex' ? fromHex(written) : fromBase64(written);
  if (bytes !== null) return bytes;
  throw new BackupError('USAGE', `${shorten(escapeName(written))} is not a key in ${form}`, {
    hint:
      form === 'hex'
        ? 'Give two hex digits for each byte.'
        : 'Give base64, of the alphabet of RFC 4648 or that for URLs.',
  });
}

function fromHex(written: string): Buffer | null {
  const digits = written.replace(/^0x/i, '');
  return /^(?:[0-9a-f]{2})*$/i.test(digits) ? Buffer.from(digits, 'hex') : null;
}

/** Node passes over what is no base64. */
function fromBase64(written: string): Buffer | null {
  const bytes = Buffer.from(written, 'base64');
  const same = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return same(bytes.toString('base64')) === same(written) ? bytes : null;
}
