/*
 * Room "records": what known files and databases mean. It recognises by content and never guesses, and it reads bytes that others hand to it: it opens
 * no file of a project and no archive of a backup by itself.
 */

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What JSON.parse gives for an object. Its keys may be any text, also `__proto__` and `constructor`: read them with `own` only. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value that the text has, never one that every object inherits. */
export function own(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function ownText(value: unknown, key: string): string | undefined {
  const text = own(value, key);
  return typeof text === 'string' ? text : undefined;
}

/** JSON pointer (RFC 6901). */
export function pointerTo(...keys: readonly (string | number)[]): string {
  let pointer = '';
  for (const key of keys) pointer += `/${escapePart(String(key))}`;
  return pointer;
}

/** A part of a JSON pointer. */
export function escapePart(key: string): string {
  return key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key;
}

/** The keys that a JSON pointer is made of. */
export function keysOf(pointer: string): string[] {
  const parts = pointer.split('/').slice(1);
  return parts.map((part) => (part.includes('~') ? part.replaceAll('~1', '/').replaceAll('~0', '~') : part));
}

/** What stands at these keys of a value, one inside of the other; undefined if nothing does. */
export function valueAt(value: Json, keys: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = isList(at) ? at[Number(key)] : at[key];
  }
  return at;
}

function isList(value: object & Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** What JSON.parse makes of a bracket takes ten times its bytes and more. */
const MAX_BRACKETS = 1_000_000;

/** Whether a text has so many lists and objects that parsing it would take seconds and hundreds of MB. No file that people keep has. */
export function isBomb(bytes: Buffer): boolean {
  let brackets = 0;
  for (const byte of bytes) if (byte === 0x5b || byte === 0x7b) brackets++;
  return brackets > MAX_BRACKETS;
}

/** Throws SyntaxError. A byte order mark is tolerated. */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
}

/** What the text says, or undefined, which no JSON says, if it is not JSON. */
export function parsedOrNothing(bytes: Buffer): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
