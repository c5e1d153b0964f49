import type { DatabaseRecord } from '../databases/engine.ts';
import { keyText } from '../databases/key-text.ts';
import { type Json, keysOf, pointerTo, valueAt } from '../records/json.ts';
import { isTelling, normalForm } from '../records/normal-form.ts';
import type { AccountedRecord, AccountedValue, At } from './accounted.ts';
import { partsOfKey } from './place.ts';
import type { RuleUse } from './rule-use.ts';
import { leavesOf, parseValue } from './value.ts';

/**
 * What became of a record whose key is still there: its leaves are looked for at the same pointers, in normal form.
 * @param database path of the new database
 */
export function judgePair(was: DatabaseRecord, is: DatabaseRecord, database: string, rules: RuleUse): AccountedRecord {
  const key = keyText(was.key);
  const now = parseValue(is.value);
  const ruled: string[] = [];
  const values = leavesOf(parseValue(was.value)).map(({ path, field, value }): AccountedValue => {
    const at: At[] = [{ file: database, pointer: pointerTo(key) + path }];
    const found = valueAt(now, keysOf(path));
    if (found !== undefined && isSame(value, found)) return { path, status: 'found', was: value, at };
    const rule = rules.explaining(field, value, found);
    if (rule !== undefined) ruled.push(rule);
    const status = rule === undefined ? (found === undefined ? 'missing' : 'changed') : 'explained';
    return { path, status, was: value, ...(found !== undefined && { now: found }), at: found === undefined ? [] : at };
  });
  const rule = ruled[0];
  return summed(key, values, rule);
}

/** Whether two records with the same key have a value in common that tells them from others: their key, and its parts, do not count. */
export function haveInCommon(was: DatabaseRecord, is: DatabaseRecord): boolean {
  const key = keyText(was.key);
  const names = new Set([key, ...partsOfKey(key)].map(normalForm));
  const formsOf = ({ value }: DatabaseRecord): string[] =>
    leavesOf(parseValue(value)).map((leaf) => normalForm(leaf.value));
  const telling = new Set(formsOf(was).filter((form) => isTelling(form) && !names.has(form)));
  return telling.size > 0 && formsOf(is).some((form) => telling.has(form));
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
