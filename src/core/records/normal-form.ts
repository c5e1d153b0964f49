import type { Json } from './json.ts';

const HEX = /^0x[\da-f]+$/i;
const ISO_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{3})0*|\.(\d{1,2}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const EXPONENT = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/;
/** Stands before what is not a text or a number; a text that begins with it gets an `s` between. */
const MARK = '\u0000';

/**
 * One text for all values that mean the same: hex digits after `0x` in either case, a number and its decimal text, a time in ISO 8601 (to the millisecond, with
 * its offset) and its epoch milliseconds. Other texts stay as they are, also `007` (a name) and `1.10` (a version). Of a list or object only whether it is empty.
 */
export function normalForm(value: Json): string {
  if (typeof value === 'string') return formOfText(value);
  if (typeof value === 'number') return formOfNumber(value);
  if (Array.isArray(value)) return value.length === 0 ? `${MARK}[]` : `${MARK}[`;
  if (typeof value !== 'object' || value === null) return MARK + String(value);
  return Object.keys(value).length === 0 ? `${MARK}{}` : `${MARK}{`;
}

/** Whether a value in normal form can tell a record from others: null, booleans, nothing and numbers of one or two digits stand everywhere. */
export function isTelling(form: string): boolean {
  if (form.length > 6) return true;
  return form !== '' && !form.startsWith(MARK) && !/^-?\d{1,2}(?:\.\d+)?$/.test(form);
}

function formOfText(text: string): string {
  const first = text.charCodeAt(0);
  if (first === 0) return `${MARK}s${text}`;
  const isNumeric = (first >= 0x30 && first <= 0x39) || first === 0x2d;
  if (!isNumeric) return text;
  if (text === '-0') return '0';
  if (text.charAt(10) === 'T' && text.charAt(4) === '-') return String(epochMilliseconds(text) ?? text);
  return HEX.test(text) ? text.toLowerCase() : text;
}

/** As decimal text: `1e21` and `1e-7` without exponent. A double beyond 2^53 has the digits of the number that it is. */
function formOfNumber(value: number): string {
  if (Number.isSafeInteger(value)) return value === 0 ? '0' : String(value);
  if (Number.isInteger(value)) return String(BigInt(value));
  const text = String(value);
  const [, sign = '', digit = '', fraction = '', exponent = '0'] = EXPONENT.exec(text) ?? [];
  return digit === '' ? text : `${sign}0.${'0'.repeat(-Number(exponent) - 1)}${digit}${fraction}`;
}

/** Null for a date or a time that does not exist, and for fractions of a millisecond. */
function epochMilliseconds(text: string): number | null {
  const match = ISO_TIME.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [, , , , , , , milliseconds, short, sign, offsetHours, offsetMinutes] = match;
  const fraction = Number(milliseconds ?? (short ?? '').padEnd(3, '0'));
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second, fraction));
  const stays = time.getUTCMonth() === month - 1 && time.getUTCDate() === day && time.getUTCFullYear() === year;
  const offset = Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0);
  if (!stays || hour > 23 || minute > 59 || second > 59 || offset > 14 * 60 || Number(offsetMinutes ?? 0) > 59)
    return null;
  return time.getTime() - (sign === '-' ? -offset : offset) * 60_000;
}
