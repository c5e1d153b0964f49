import { escapePart } from '../records/json.ts';

/** A text, or what a record has in its place. */
export type Piece =
  | { readonly text: string }
  /** The text of a value of the record, or what follows the last `/` or `:` in it. */
  | { readonly field: string; readonly isLast: boolean }
  /** The record's key (`part` -1), or a part of it. */
  | { readonly part: number };

/** Anything; a position in the record's own list; or a key. */
export type PlacePart = '*' | '#' | readonly Piece[];

/** A place as rules have it: a pattern of JSON pointers. */
export interface Place {
  readonly pattern: string;
  readonly parts: readonly PlacePart[];
  /** Whether something of the record is in it. */
  readonly hasNames: boolean;
  /** What it ends with, in letters and digits only; empty if that is no key. */
  readonly name: string;
}

const MAX_LENGTH = 2000;
const MAX_PARTS = 100;
/** Each additional star multiplies the places to look at. */
const MAX_STARS = 4;

/** Returns what is wrong with a pattern, as the rest of a sentence, in place of a place. Takes time in proportion to its length. */
export function parsePlace(pattern: string): Place | string {
  if (pattern.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (pattern !== '' && !pattern.startsWith('/')) return 'does not begin with "/"';
  const parts: PlacePart[] = [];
  for (let at = 0; at < pattern.length;) {
    const read = readPart(pattern, at + 1);
    if (typeof read === 'string') return read;
    parts.push(read.part);
    at = read.end;
  }
  if (parts.length > MAX_PARTS) return `has more than ${MAX_PARTS} parts`;
  if (parts.filter((part) => part === '*').length > MAX_STARS) return `has more than ${MAX_STARS} "*"`;
  const hasNames = parts.some((part) => typeof part !== 'string' && part.some((piece) => !('text' in piece)));
  return { pattern, parts, hasNames, name: nameOf(parts) };
}

/** Whether a place ends with the name of the field, in any spelling. */
export function isOwn({ name }: Place, field: string): boolean {
  return name !== '' && name === squash(field.split('/').findLast((part) => part !== '#') ?? '');
}

/** Whether a key is called as the field is, in any spelling. */
export function isCalled(key: string, field: string): boolean {
  return squash(key) !== '' && squash(key) === squash(field.split('/').findLast((part) => part !== '#') ?? '');
}

/** How many parts at the end of a place are called as those at the end of the field. */
export function fitOf({ parts }: Place, field: string): number {
  const names = field.split('/').filter((part) => part !== '#');
  const keys = parts.filter((part) => part !== '#' && part !== '*');
  let fit = 0;
  while (fit < names.length && fit < keys.length) {
    const name = squash(names.at(-1 - fit) ?? '');
    if (name === '' || name !== nameOf(keys.slice(0, keys.length - fit))) break;
    fit++;
  }
  return fit;
}

/** Whether a place ends with the key of the record, or a part of it. */
export function isNamedByKey({ parts }: Place): boolean {
  const last = parts.findLast((part) => part !== '#');
  return last !== undefined && typeof last !== 'string' && last.some((piece) => 'part' in piece);
}

/** Whether the key at which a place ends has the value of the field in it, among other things: `/{networkName}~1{contractName}`. */
export function hasInKey({ parts }: Place, field: string): boolean {
  const last = parts.at(-1);
  if (last === undefined || typeof last === 'string' || last.length === 1) return false;
  return last.some((piece) => 'field' in piece && piece.field === field && !piece.isLast);
}

function nameOf(parts: readonly PlacePart[]): string {
  const last = parts.findLast((part) => part !== '#' && part !== '*');
  if (last === undefined || typeof last === 'string') return '';
  return squash(last.map((piece) => ('text' in piece ? piece.text : 'field' in piece ? piece.field : '')).join(''));
}

const squash = (text: string): string => text.replaceAll(/[^\p{L}\p{N}]/gu, '').toLowerCase();

/** A part as a pattern has it; null if no pattern can say it. */
export function printText(text: string): string | null {
  if (/[{}*]/.test(text) || text === '#') return null;
  return escapePart(text);
}

function readPart(pattern: string, from: number): { readonly part: PlacePart; readonly end: number } | string {
  const pieces: Piece[] = [];
  let text = '';
  let at = from;
  for (; at < pattern.length && pattern[at] !== '/'; at++) {
    const character = pattern[at] ?? '';
    if (character === '{') {
      const close = pattern.indexOf('}', at);
      if (close < 0) return 'has a "{" without "}"';
      if (text !== '') pieces.push({ text });
      text = '';
      const name = pattern.slice(at + 1, close);
      if (name === '' || name.includes('{')) return 'has a "{" without a name';
      pieces.push(readName(name));
      at = close;
    } else if (character === '}') return 'has a "}" without "{"';
    else if (character === '~') {
      const escaped = pattern[++at];
      if (escaped !== '0' && escaped !== '1') return 'has a "~" that is not "~0" or "~1"';
      text += escaped === '0' ? '~' : '/';
    } else text += character;
  }
  if (text === '*' && pieces.length === 0) return { part: '*', end: at };
  if (text === '#' && pieces.length === 0) return { part: '#', end: at };
  if (text !== '' || pieces.length === 0) pieces.push({ text });
  const hasStar = pieces.some((piece) => 'text' in piece && piece.text.includes('*'));
  return hasStar ? 'has a "*" that is not alone between two "/"' : { part: pieces, end: at };
}

function readName(name: string): Piece {
  if (name === 'key') return { part: -1 };
  const part = /^key\.(\d{1,3})$/.exec(name)?.[1];
  if (part !== undefined) return { part: Number(part) };
  return name.endsWith('~last')
    ? { field: name.slice(0, -'~last'.length), isLast: true }
    : { field: name, isLast: false };
}

/** The parts of a record's key that `{key.0}`, `{key.1}` and so on stand for. */
export function partsOfKey(key: string): string[] {
  return key.split(/[/:.#!~|-]/).filter((part) => part !== '');
}

/** What `~last` stands for. */
export function lastOf(text: string): string {
  return text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf(':')) + 1);
}
