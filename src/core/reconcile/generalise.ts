import { normalForm } from '../records/normal-form.ts';
import { lastOf, partsOfKey, printText } from './place.ts';
import type { RecordNames } from './record-names.ts';

/** Texts of this length are recognised inside of a longer one; shorter ones only between separators. */
const LONG_NAME = 4;
const MAX_TEXT = 300;
const MAX_NAMES = 100;
const SEPARATORS = '/:.#!~|-_@ ,';

/** What of a record is looked for first: its values, the ends of its values, or its key. */
export const PREFERENCES = ['values', 'ends', 'key'] as const;
export type Preference = (typeof PREFERENCES)[number];

/** What is known of the names of many records. */
export interface Naming {
  /** Fields of which some values have an end that is not all of them (`contracts/Router.sol:Router`). */
  readonly ended: ReadonlySet<string>;
  /** Names that are the same text for all records, so that they say nothing of any. */
  readonly constant: ReadonlySet<string>;
}

export function learnNaming(records: readonly RecordNames[]): Naming {
  const ended = new Set<string>();
  const texts = new Map<string, { readonly text: string; times: number; isConstant: boolean }>();
  const note = (name: string, text: string): void => {
    const known = texts.get(name) ?? { text, times: 0, isConstant: true };
    known.times++;
    known.isConstant &&= known.text === text;
    texts.set(name, known);
  };
  for (const names of records) {
    for (const { field, text } of names.naming()) {
      if (lastOf(text) !== text) ended.add(field);
      note(`{${field}}`, text);
      note(`{${field}~last}`, lastOf(text));
    }
    for (const [at, text] of partsOfKey(names.key).entries()) note(`{key.${at}}`, text);
  }
  const constant = [...texts].filter(([, { times, isConstant }]) => isConstant && times > 1).map(([name]) => name);
  return { ended, constant: new Set(constant) };
}

/** Says keys of the new state by what the record has in their place: `extended_LookCoin` is `extended_{contractName}`. */
export class Generaliser {
  readonly #exact = new Map<string, string>();
  /** Longest first. */
  readonly #inside: { readonly text: string; readonly name: string }[] = [];

  constructor(names: RecordNames, preference: Preference, naming: Naming) {
    const key = [{ text: names.key, name: '{key}' }];
    const parts = partsOfKey(names.key);
    if (parts.length > 1) key.push(...parts.map((text, at) => ({ text, name: `{key.${at}}` })));
    const values = [...names.naming()].map(({ field, text }) =>
      preference === 'ends' && naming.ended.has(field)
        ? { text: lastOf(text), name: `{${field}~last}` }
        : { text, name: `{${field}}` },
    );
    for (const { text, name } of preference === 'key' ? [...key, ...values] : [...values, ...key]) {
      const form = normalForm(text);
      if (text === '' || naming.constant.has(name) || this.#exact.has(form)) continue;
      this.#exact.set(form, name);
      if (this.#inside.length < MAX_NAMES) this.#inside.push({ text, name });
    }
    this.#inside.sort((a, b) => b.text.length - a.text.length);
  }

  /** A part of a pattern; null if no pattern can say it. Without anything of the record it is the text itself. */
  generalise(text: string): string | null {
    const exact = this.#exact.get(normalForm(text));
    if (exact !== undefined) return exact;
    if (text.length > MAX_TEXT) return printText(text);
    let pieces: readonly (string | { readonly name: string })[] = [text];
    for (const each of this.#inside)
      if (text.includes(each.text))
        pieces = pieces.flatMap((piece) => (typeof piece === 'string' ? replace(piece, each) : [piece]));
    const printed = pieces.map((piece) => (typeof piece === 'string' ? printText(piece) : piece.name));
    return printed.includes(null) ? null : printed.join('');
  }
}

/** Replaces a text in another one by its name, where it stands by itself or is long enough to mean it. */
function replace(
  piece: string,
  { text, name }: { readonly text: string; readonly name: string },
): (string | { readonly name: string })[] {
  const at = piece.indexOf(text);
  if (at < 0) return [piece];
  const end = at + text.length;
  const isLong = text.length >= LONG_NAME && !/^\d+$/.test(text);
  const standsAlone = isSeparator(piece, at - 1) && isSeparator(piece, end);
  if (!isLong && !standsAlone) return [piece];
  const around = [piece.slice(0, at), { name }, piece.slice(end)];
  return around.filter((each) => each !== '');
}

const isSeparator = (text: string, at: number): boolean =>
  at < 0 || at >= text.length || SEPARATORS.includes(text.charAt(at));
