import type { Json } from '../records/json.ts';
import { normalForm } from '../records/normal-form.ts';
import type { Rules } from './accounted.ts';
import type { OldValues } from './old-values.ts';

/** Rules are read by a person. */
const MAX_RENAMED = 10_000;

/** What the rules say about values that are other ones now. */
export class Renames {
  readonly #texts = new Map<number, Map<number, string>>();
  readonly #forms = new Map<number, Map<number, number>>();

  /** Before the new documents are read: only forms that are known then are looked for in them. */
  constructor(old: OldValues, values: Rules['values'] = {}) {
    for (const [name, pairs] of Object.entries(values)) {
      const field = old.fields.find(name);
      if (field < 0 || Object.keys(pairs).length > MAX_RENAMED) continue;
      for (const [was, now] of Object.entries(pairs))
        for (const form of oldFormsOf(was).map((each) => old.forms.find(each))) {
          if (form < 0) continue;
          setIn(this.#texts, field, form, now);
          setIn(this.#forms, field, form, old.forms.number(newFormOf(now)));
        }
    }
  }

  /** -1 if there is no rule for this value. */
  formOf(field: number, form: number): number {
    return this.#forms.get(field)?.get(form) ?? -1;
  }

  /** Undefined if there is no rule for this value. */
  textOf(field: number, form: number): string | undefined {
    return this.#texts.get(field)?.get(form);
  }
}

const LITERALS: ReadonlyMap<string, Json> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** What an old value in a rule is in normal form: rules have only texts, and `true` is a truth value more often than a text. */
export function oldFormsOf(was: string): string[] {
  return [...new Set([normalForm(was), newFormOf(was)])];
}

/** What a new value in a rule is in normal form. */
export function newFormOf(now: string): string {
  return normalForm(LITERALS.get(now) ?? (LITERALS.has(now) ? null : now));
}

function setIn<T>(outer: Map<number, Map<number, T>>, first: number, second: number, value: T): void {
  const inner = outer.get(first) ?? new Map<number, T>();
  outer.set(first, inner.set(second, value));
}
