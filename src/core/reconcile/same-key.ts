import type { DatabaseFiles } from '../databases/database-files.ts';
import type { DatabaseRecord, Engine } from '../databases/engine.ts';
import { keyText } from '../databases/key-text.ts';
import { RecordCursor } from '../databases/record-cursor.ts';
import type { Json } from '../records/json.ts';
import { normalForm } from '../records/normal-form.ts';
import type { AccountedRecord, AccountedValue, At } from './accounted.ts';
import type { RuleUse } from './rule-use.ts';
import { isObject } from './tree-hash.ts';
import { escapePointer, leavesOf, parseValue } from './value.ts';

/** A database whose records are read. */
export interface ReadableDatabase {
  readonly engine: Engine;
  readonly files: DatabaseFiles;
  /** A folder that may be made, and is removed by whoever named it. */
  readonly scratch: string;
}

/**
 * Walks two databases of one engine side by side, in constant memory. `onRecord` gets each record of `old` with its number, and the record of `now` that
 * has the same key; `onOther` the records of `now` whose key `old` does not have. Throws as `Engine.records`.
 */
export async function mergeByKey(
  old: ReadableDatabase,
  now: ReadableDatabase,
  signal: AbortSignal | undefined,
  onRecord: (number: number, was: DatabaseRecord, is: DatabaseRecord | undefined) => void,
  onOther?: (record: DatabaseRecord) => void,
): Promise<void> {
  const cursorOf = ({ engine, files, scratch }: ReadableDatabase): RecordCursor =>
    new RecordCursor(engine.records(files, { scratch, signal }));
  const [before, after] = [cursorOf(old), cursorOf(now)];
  try {
    for (let number = 0; ;) {
      if (before.isEmpty) await before.load();
      if (after.isEmpty) await after.load();
      const [was, is] = [before.record, after.record];
      if (was === undefined && (is === undefined || onOther === undefined)) break;
      const order = was === undefined ? 1 : is === undefined ? -1 : Buffer.compare(was.order, is.order);
      if (order > 0 && is !== undefined) onOther?.(is);
      else if (was !== undefined) onRecord(number++, was, order === 0 ? is : undefined);
      if (order <= 0) before.advance();
      if (order >= 0) after.advance();
    }
  } finally {
    await Promise.all([before.close(), after.close()]);
  }
}

/**
 * What became of a record whose key is still there: its leaves are looked for at the same pointers, in normal form.
 * @param database path of the new database
 */
export function judgePair(was: DatabaseRecord, is: DatabaseRecord, database: string, rules: RuleUse): AccountedRecord {
  const key = keyText(was.key);
  const now = parseValue(is.value);
  const ruled: string[] = [];
  const values = leavesOf(parseValue(was.value)).map(({ path, field, value }): AccountedValue => {
    const at: At[] = [{ file: database, pointer: `/${escapePointer(key)}${path}` }];
    const found = valueAt(now, path);
    if (found !== undefined && isSame(value, found)) return { path, status: 'found', was: value, at };
    const rule = rules.explaining(field, value, found);
    if (rule !== undefined) ruled.push(rule);
    const status = rule === undefined ? (found === undefined ? 'missing' : 'changed') : 'explained';
    return { path, status, was: value, ...(found !== undefined && { now: found }), at: found === undefined ? [] : at };
  });
  const rule = ruled[0];
  return summed(key, values, rule);
}

/** The record that these values make. */
function summed(key: string, values: readonly AccountedValue[], rule: string | undefined): AccountedRecord {
  const has = (status: AccountedValue['status']): boolean => values.some((value) => value.status === status);
  if (has('missing')) return { key, status: 'partly', values };
  if (has('changed')) return { key, status: 'changed', values };
  return rule === undefined ? { key, status: 'found', values } : { key, status: 'explained', values, rule };
}

/** An empty list or object that was filled is still there. */
function isSame(was: Json, now: Json): boolean {
  if (typeof was !== 'object' || was === null) return normalForm(was) === normalForm(now);
  return typeof now === 'object' && now !== null && Array.isArray(was) === Array.isArray(now);
}

/** What is at a JSON pointer; undefined if nothing is. */
function valueAt(value: Json, pointer: string): Json | undefined {
  let at: Json | undefined = value;
  for (const part of pointer === '' ? [] : pointer.slice(1).split('/')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = childOf(at, part.includes('~') ? part.replaceAll('~1', '/').replaceAll('~0', '~') : part);
  }
  return at;
}

function childOf(value: object & Json, key: string): Json | undefined {
  if (Array.isArray(value)) return /^\d+$/.test(key) ? value[Number(key)] : undefined;
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
