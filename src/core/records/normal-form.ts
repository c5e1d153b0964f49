import type { Json } from './json.ts';

const HEX = /^0x[\da-f]+$/i;
const ISO_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{3})0*|\.(\d{1,2}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;
/** More zeros than a double can have are not written out. */
const MAX_EXPONENT = 400;
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

/** As decimal text, of a double beyond 2^53 with the digits that JSON writes for it: `1e23` is a 1 and 23 zeros, and not the double nearest to it. */
function formOfNumber(value: number): string {
  const text = value === 0 ? '0' : String(value);
  return text.includes('e') ? plainDecimal(text) : text;
}

/** A number of JSON without exponent, and without zeros at the end of a fraction: `1.50E3` is `1500`. As it is if that takes more than 400 zeros. */
export function plainDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? [];
  if (whole === '' || Math.abs(Number(exponent)) > MAX_EXPONENT) return text;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const before = digits.slice(0, Math.max(0, point)).padEnd(point, '0').replace(/^0+/, '');
  const after = ('0'.repeat(Math.max(0, -point)) + digits.slice(Math.max(0, point))).replace(/0+$/, '');
  const number = `${before === '' ? '0' : before}${after === '' ? '' : `.${after}`}`;
  return number === '0' ? number : sign + number;
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
