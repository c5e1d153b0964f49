import { isUtf8 } from 'node:buffer';
import type { ChangedLeaf } from '../model/db-diff-report.ts';
import { pointerTo } from './json.ts';
import { isReadableJson, jsonTokens } from './json-tokens.ts';

const MAX_CHARACTERS = 1000;
/** Of one record. Larger values are compared as bytes. */
const OF_RECORD: LeafLimits = { listed: 20, bytes: 4 << 20 };
/** Limits the characters of all pointers of one value together: each pointer repeats all levels above its leaf. */
const MAX_POINTERS = 16 << 20;

export interface LeafLimits {
  /** So many leaves are listed; all are counted. */
  readonly listed: number;
  /** The size of the largest value that is read. */
  readonly bytes: number;
}

/** The leaves that differ between two JSON values; null if one is not JSON or is too large, or if only spacing or the order of keys differs. */
export function changedLeaves(
  before: Buffer,
  after: Buffer,
  limits: LeafLimits = OF_RECORD,
): { readonly listed: ChangedLeaf[]; readonly more: number } | null {
  const [was, is] = [leavesOf(before, limits), leavesOf(after, limits)];
  if (was === null || is === null) return null;
  const listed: ChangedLeaf[] = [];
  let differ = 0;
  for (const pointer of new Set([...was.keys(), ...is.keys()])) {
    const [old, now] = [was.get(pointer) ?? null, is.get(pointer) ?? null];
    if (isSame(old, now)) continue;
    differ++;
    if (listed.length < limits.listed) listed.push({ pointer, before: cut(old), after: cut(now) });
  }
  return differ === 0 ? null : { listed, more: differ - listed.length };
}

/** Every leaf of a JSON value as it is spelled, by its JSON pointer; an empty list or object is a leaf. Null if it is not JSON or too large. */
function leavesOf(value: Buffer, { bytes }: LeafLimits): Map<string, string> | null {
  if (value.length > bytes || !isUtf8(value)) return null;
  const json = value.toString();
  return isReadableJson(json) ? readLeaves(json) : null;
}

interface Level {
  readonly pointer: string;
  readonly isList: boolean;
  /** The key or position of the next value; null if a key comes next. */
  at: string | number | null;
  isEmpty: boolean;
}

function readLeaves(json: string): Map<string, string> | null {
  const leaves = new Map<string, string>();
  const levels: Level[] = [];
  let characters = 0;
  const pointer = (): string => {
    const level = levels.at(-1);
    return level === undefined ? '' : level.pointer + pointerTo(String(level.at));
  };
  for (const { kind, text } of jsonTokens(json)) {
    const level = levels.at(-1);
    if (level !== undefined && kind !== 'close') level.isEmpty = false;
    if (kind === 'open')
      levels.push({ pointer: pointer(), isList: text === '[', at: text === '[' ? 0 : null, isEmpty: true });
    else if (kind === 'close') {
      const closed = levels.pop();
      if (closed?.isEmpty === true) leaves.set(closed.pointer, text === ']' ? '[]' : '{}');
    } else if (kind === 'comma' && level !== undefined) level.at = typeof level.at === 'number' ? level.at + 1 : null;
    else if (kind === 'literal' && level?.at === null) level.at = String(JSON.parse(text));
    else if (kind === 'literal') {
      const place = pointer();
      characters += place.length;
      if (characters > MAX_POINTERS) return null;
      leaves.set(place, text);
    }
  }
  return leaves;
}

function isSame(a: string | null, b: string | null): boolean {
  if (a === b || a === null || b === null) return a === b;
  // One string may be spelled in several ways.
  return a.startsWith('"') && b.startsWith('"') && JSON.parse(a) === JSON.parse(b);
}

function cut(text: string | null): string | null {
  return text !== null && text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
