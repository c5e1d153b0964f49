import { isUtf8 } from 'node:buffer';

/**
 * Reads the records of a pax header, `<length> <key>=<value>\n` (POSIX.1-2024 pax), which must fill the body exactly. Keys that are not in `known`
 * and repeated keys are refused. Returns what is wrong, or null.
 */
export function parsePax(body: Buffer, known: { has(key: string): boolean }, into: Map<string, string>): string | null {
  if (!isUtf8(body)) return 'a pax header that is not UTF-8';
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const length = space > at && space - at <= 6 ? Number(body.toString('latin1', at, space)) : Number.NaN;
    const end = at + length;
    if (!Number.isInteger(length) || end > body.length || body[end - 1] !== 0x0a)
      return 'a pax record of a wrong length';
    const record = body.toString('utf8', space + 1, end - 1);
    const equals = record.indexOf('=');
    const key = record.slice(0, equals);
    if (equals < 1 || !known.has(key) || into.has(key)) return 'an unknown or repeated pax key';
    into.set(key, record.slice(equals + 1));
    at = end;
  }
  return null;
}
