import type { Json } from '../records/json.ts';
import { isObject } from './tree-hash.ts';

/** As many texts and numbers of an object are taken for fields of a record. */
const MAX_TEXTS = 100;

/** The texts and numbers right in objects, which can say whose values are in there. */
export class TextsBeside {
  readonly #known = new WeakMap<object, readonly string[]>();

  /** None of an object with so many that they are not about one record. Of a list only the key of a pair (`[key, value]`). */
  in(outer: object & Json): readonly string[] {
    const known = this.#known.get(outer);
    if (known !== undefined) return known;
    const found = isObject(outer)
      ? textsOf(Object.values(outer))
      : outer.length === 2
        ? textsOf(outer.slice(0, 1))
        : [];
    const texts = found.length > MAX_TEXTS ? [] : found;
    this.#known.set(outer, texts);
    return texts;
  }
}

function textsOf(values: readonly Json[]): string[] {
  return values.flatMap((each) => (typeof each === 'object' ? [] : [String(each)]));
}
