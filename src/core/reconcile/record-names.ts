import type { OldValue, OldValues } from './old-values.ts';
import { lastOf, partsOfKey, type Piece, type PlacePart } from './place.ts';
import type { Renames } from './renames.ts';

const MAX_NAME = 200;

/** What can stand for one record in a place: its values by their fields, its key and the parts of its key. */
export class RecordNames {
  readonly values: readonly OldValue[];
  readonly key: string;
  /** Of parts of places: the keys of the new state that they are for this record. Kept for who looks for them. */
  readonly keys = new Map<PlacePart, readonly number[]>();
  readonly #old: OldValues;
  readonly #record: number;
  readonly #renames: Renames;
  readonly #texts = new Map<Piece, readonly string[]>();

  constructor(old: OldValues, record: number, renames: Renames) {
    this.#old = old;
    this.#record = record;
    this.#renames = renames;
    this.values = old.valuesOf(record);
    this.key = old.records[record]?.key ?? '';
  }

  /** What a piece of a place is for this record: nothing if the record does not have it; two texts if a rule says that the value is another one now. */
  textsOf(piece: Piece): readonly string[] {
    if ('text' in piece) return [piece.text];
    const known = this.#texts.get(piece);
    if (known !== undefined) return known;
    const texts = this.#find(piece);
    this.#texts.set(piece, texts);
    return texts;
  }

  /** The values that can name the record, each with its field; lists are left out, because a position does not say which value is meant. */
  *naming(): Generator<{ readonly field: string; readonly text: string }> {
    for (const { path, field, form } of this.values) {
      const text = path.positions.length > 0 ? null : this.#textOf(path);
      const name = this.#old.fields.texts[field] ?? '';
      if (text === null || name === '' || /[{}]/.test(name)) continue;
      yield { field: name, text };
      const renamed = this.#renames.textOf(field, form);
      if (renamed !== undefined) yield { field: name, text: renamed };
    }
  }

  #find(piece: Exclude<Piece, { readonly text: string }>): readonly string[] {
    // A field of the record that is called so comes first.
    const name = 'field' in piece ? piece.field : piece.part < 0 ? 'key' : `key.${piece.part}`;
    const field = this.#old.fields.find(name);
    const value = field < 0 ? undefined : this.values.find((each) => each.field === field);
    const text = value === undefined ? null : this.#textOf(value.path);
    if (value !== undefined && text !== null) {
      const renamed = this.#renames.textOf(value.field, value.form);
      const texts = renamed === undefined ? [text] : [text, renamed];
      return 'field' in piece && piece.isLast ? texts.map(lastOf) : texts;
    }
    if ('field' in piece) return [];
    const part = piece.part < 0 ? this.key : partsOfKey(this.key)[piece.part];
    return part === undefined ? [] : [part];
  }

  #textOf(path: OldValue['path']): string | null {
    const value = this.#old.rawOf(this.#record, path);
    if (typeof value !== 'string' && typeof value !== 'number') return null;
    const text = String(value);
    return text === '' || text.length > MAX_NAME ? null : text;
  }
}
