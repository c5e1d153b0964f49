import { isUtf8 } from 'node:buffer';
import { BackupError } from '../model/backup-error.ts';
import { escapeName, shorten } from '../paths/names.ts';

/*
 * The one form in which keys are printed, on a terminal, in a pipe and in JSON: a line of text that says exactly which bytes the key has. `db get`
 * takes this form. Visible characters are printed as they are, a backslash as `\\`, and every other byte as `\xNN`, also a space at the beginning or
 * end of a key.
 */

/** Nothing in it has to be escaped. */
const PLAIN = /^(?! )[\x20-\x5b\x5d-\x7e]*(?<! )$/;
const ESCAPE = /\\(?:\\|x([0-9a-f]{2}))?/gi;

export function keyText(key: Buffer): string {
  const latin = key.toString('latin1');
  return PLAIN.test(latin) ? latin : escapeKey(key);
}

/** Parses a key in the form that `keyText` writes. Throws USAGE. */
export function parseKeyText(text: string): Buffer {
  const parts: Buffer[] = [];
  let done = 0;
  for (const { 0: escape, 1: hex, index } of text.matchAll(ESCAPE)) {
    if (escape === '\\') {
      throw new BackupError('USAGE', `a backslash in ${shorten(escapeName(text))} does not begin \\\\ or \\xNN`, {
        hint: 'Write \\\\ for a backslash and \\xNN for a byte, or give the key with --hex or --base64.',
      });
    }
    parts.push(Buffer.from(text.slice(done, index)), hex === undefined ? Buffer.from('\\') : Buffer.from(hex, 'hex'));
    done = index + escape.length;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(done))]);
}

function escapeKey(key: Buffer): string {
  let text = '';
  for (let at = 0; at < key.length;) {
    const length = characterLength(key, at);
    const character = key.toString('utf8', at, at + length);
    const atEdge = at === 0 || at + length === key.length;
    const isSeen = length > 0 && escapeName(character) === character && !(atEdge && character === ' ');
    if (character === '\\') text += '\\\\';
    else if (isSeen) text += character;
    else for (const byte of key.subarray(at, at + Math.max(1, length))) text += `\\x${hexByte(byte)}`;
    at += Math.max(1, length);
  }
  return text;
}

/** The length in bytes of the character that begins here; 0 if none does. */
function characterLength(key: Buffer, at: number): number {
  const first = key[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const whole = at + length <= key.length && isUtf8(key.subarray(at, at + length));
  return whole ? length : 0;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
