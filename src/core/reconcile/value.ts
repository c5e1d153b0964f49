import { isUtf8 } from 'node:buffer';
import { escapePart, type Json } from '../records/json.ts';
import { plainDecimal } from '../records/normal-form.ts';

/** Nothing that people write nests deeper, and what reads values here calls itself for each level. */
export const MAX_DEPTH = 1000;

/** What JSON can begin with. Most values that are not JSON are refused by their first character: a parse that fails takes ten times as long. */
const BEGINS = /^[\s]*[[{"\-\dtfn]/;

/** Text in which a number may stand that has more digits than a double, or is too large or small for one. It is looked for where values begin: in a text in quotes it does not matter. */
const LONG_NUMBER = /(?:^|[[:,\s])-?(?:[\d.eE+-]{16}|[\d.]+[eE][+-]?\d{3})/;

/**
 * The value of a record: parsed if it is JSON, otherwise its text if it is UTF-8, otherwise `base64:` and its bytes in base64. A number that JSON.parse
 * would round is a text with its digits, without an exponent.
 */
export function parseValue(bytes: Buffer): Json {
  if (!isUtf8(bytes)) return `base64:${bytes.toString('base64')}`;
  const text = bytes.toString();
  const value = parseJson(text);
  return value === undefined ? text : value;
}

/** The value of a JSON text, with a number that would be rounded as a text; undefined if it is not JSON, or nests deeper than 1000. */
export function parseJson(text: string): Json | undefined {
  const from = text.startsWith('\uFEFF') ? 1 : 0;
  if (!BEGINS.test(from === 0 ? text : text.slice(from))) return undefined;
  try {
    const json = from === 0 ? text : text.slice(from);
    const value: Json = LONG_NUMBER.test(json) ? JSON.parse(json, exactNumber) : JSON.parse(json);
    // Every level takes two characters.
    return json.length > 2 * MAX_DEPTH && nestsTooDeep(value) ? undefined : value;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A reviver: the source text of a number is known only here. */
function exactNumber(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return isExact(context.source, value) ? value : plainDecimal(context.source);
}

/** Whether no other number of as many digits becomes the same double: 15 digits always fit. */
function isExact(source: string, value: number): boolean {
  if (String(value) === source) return true;
  const digits = source
    .replace(/[eE].*$/, '')
    .replaceAll(/[-.]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
  return digits.length <= 15 && Number.isFinite(value) && (value !== 0 || digits === '');
}

/** Level by level, because a value that nests deep would end a function that calls itself. */
export function nestsTooDeep(value: Json): boolean {
  let level: readonly Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    const next: Json[] = [];
    for (const each of level)
      if (typeof each === 'object' && each !== null)
        for (const inner of Object.values(each)) if (typeof inner === 'object' && inner !== null) next.push(inner);
    level = next;
  }
  return false;
}

/** A value that holds no other: a scalar, or an empty list or object. */
export interface Leaf {
  /** JSON pointer (RFC 6901) in the value. */
  readonly path: string;
  /** `path` without its leading slash, with `#` for positions in lists: what rules call it. */
  readonly field: string;
  readonly value: Json;
}

export function leavesOf(value: Json): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (node: Json, path: string, field: string): void => {
    if (typeof node !== 'object' || node === null) {
      leaves.push({ path, field: field.slice(1), value: node });
      return;
    }
    const isList = Array.isArray(node);
    const inner = Object.entries(node);
    if (inner.length === 0) leaves.push({ path, field: field.slice(1), value: node });
    for (const [key, each] of inner) {
      const part = escapePart(key);
      visit(each, `${path}/${part}`, `${field}/${isList ? '#' : part}`);
    }
  };
  visit(value, '', '');
  return leaves;
}
