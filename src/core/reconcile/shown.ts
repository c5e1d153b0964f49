import { hash as oneShotHash } from 'node:crypto';
import type { Json } from '../records/json.ts';
import type { AccountedRecord } from './accounted.ts';

/** As in `db diff`. */
const MAX_CHARACTERS = 1000;

/** Names of fields and keys of records that hold what nobody but its owner may see. An id that is called `key` is none. */
const SECRET = new RegExp(
  [
    'secret|mnemonic|credential|keystore|bearer',
    'pass(?:word|phrase|code|wd)|(?:^|[^a-z])pwd(?:$|[^a-z])',
    'seed[^a-z0-9]?(?:phrase|words?)|(?:^|[^a-z])seed$',
    '(?:private|priv|signing|signer|encryption|api|access|auth|master|session|deployer|wallet|ssh|pgp|gpg)[^a-z0-9]?keys?(?:$|[^a-z])',
    '(?:access|auth|refresh|api|session)[^a-z0-9]?token',
  ].join('|'),
  'i',
);

/** Whether a pointer or key names a secret. camelCase counts as two words. */
export function looksSecret(name: string): boolean {
  return SECRET.test(name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-'));
}

/** A record as a report has it: values with names that look secret are hashed, and long texts are cut. */
export function shownRecord(record: AccountedRecord): AccountedRecord {
  const isSecret = looksSecret(record.key);
  return {
    ...record,
    values: record.values.map((value) => {
      const show = isSecret || looksSecret(value.path) ? hashed : cut;
      return { ...value, was: show(value.was), ...(value.now !== undefined && { now: show(value.now) }) };
    }),
  };
}

function hashed(value: Json): Json {
  if (value === null || typeof value === 'boolean') return value;
  return `sha256:${oneShotHash('sha256', typeof value === 'string' ? value : JSON.stringify(value), 'hex')}`;
}

function cut(value: Json): Json {
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : '';
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : value;
}
