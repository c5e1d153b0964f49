import { plural } from '../model/plural.ts';
import { escapeName } from '../paths/names.ts';
import type { Json } from '../records/json.ts';
import { normalForm } from '../records/normal-form.ts';
import type { AccountedRecord, Rules } from './accounted.ts';
import { newFormOf, oldFormsOf } from './renames.ts';
import { leavesOf, parseValue } from './value.ts';

interface RenameRule {
  readonly was: string;
  readonly now: string;
  /** Of `now`. */
  readonly form: string;
  isUsed: boolean;
}

/** The rules for one database, and how much each of them has explained. */
export class RuleUse {
  readonly rules: Rules;
  /** Fields of `ignore` that no record was seen to have. */
  readonly #unseen: Set<string>;
  /** Field -> old value in normal form -> the rule. */
  readonly #values = new Map<string, Map<string, RenameRule>>();
  /** By position in `gone`: how many records it explains. */
  readonly #gone: number[];

  constructor(rules: Rules = {}) {
    this.rules = rules;
    this.#unseen = new Set(Object.keys(rules.ignore ?? {}));
    this.#gone = (rules.gone ?? []).map(() => 0);
    for (const [field, pairs] of Object.entries(rules.values ?? {})) {
      const mine = new Map<string, RenameRule>();
      this.#values.set(field, mine);
      for (const [was, now] of Object.entries(pairs)) {
        const rule = { was, now, form: newFormOf(now), isUsed: false };
        for (const form of oldFormsOf(was)) mine.set(form, rule);
      }
    }
  }

  /**
   * The rule that explains why a value is another one now, or is not there, in words; undefined if none does.
   * @param now undefined if nothing is at its place
   */
  explaining(field: string, was: Json, now: Json | undefined): string | undefined {
    if (Object.hasOwn(this.rules.ignore ?? {}, field)) return `ignore ${field}`;
    const rule = this.#values.get(field)?.get(normalForm(was));
    return rule === undefined || now === undefined || normalForm(now) !== rule.form ? undefined : `values ${field}`;
  }

  /** Gets the value of every record: a field of `ignore` has to exist. */
  see(value: Buffer): void {
    if (this.#unseen.size === 0) return;
    for (const { field } of leavesOf(parseValue(value))) this.#unseen.delete(field);
  }

  /** Counts what a record owes to rules. */
  note({ status, values, rule }: AccountedRecord): void {
    const explained = values.filter((value) => value.status === 'explained');
    for (const { path, was } of explained)
      for (const field of fieldsOf(path)) {
        const rule = this.#values.get(field)?.get(normalForm(was));
        if (rule !== undefined) rule.isUsed = true;
      }
    if (status !== 'explained') return;
    const at = (this.rules.gone ?? []).findIndex((one) => rule === `gone ${one.key}`);
    if (at >= 0) this.#gone[at] = (this.#gone[at] ?? 0) + 1;
  }

  /** The rules of `gone`, in words, that match more records than they say: whoever wrote them has not agreed to lose the others, so they explain none. */
  exceeded(): string[] {
    return (this.rules.gone ?? []).flatMap(({ key, entries }, at) =>
      (this.#gone[at] ?? 0) > entries ? [`gone ${key}`] : [],
    );
  }

  /** Rules of `ignore`, `values` and `gone` that explained nothing, or another number than they say; each a sentence. */
  problems(): string[] {
    const unused = (rule: string): string => `the rule ${escapeName(rule)} matches nothing`;
    return [
      ...[...this.#unseen].map((field) => unused(`ignore ${field}`)),
      ...[...this.#values].flatMap(([field, rules]) =>
        [...new Set(rules.values())].flatMap(({ was, now, isUsed }) =>
          isUsed ? [] : [unused(`values ${field}: ${was} -> ${now}`)],
        ),
      ),
      ...(this.rules.gone ?? []).flatMap(({ key, entries }, at) => {
        const matched = this.#gone[at] ?? 0;
        if (matched === entries) return [];
        const how = matched === 0 ? 'nothing that is gone' : plural(matched, 'record');
        return [`the rule gone ${escapeName(key)} says ${plural(entries, 'record')} and matches ${how}`];
      }),
    ];
  }
}

/** What a value may be called in rules: a number in its pointer may be a position in a list, which is `#`, or a key. */
function fieldsOf(pointer: string): string[] {
  const field = pointer.slice(1);
  return [field, field.replaceAll(/(?<=^|\/)\d+(?=\/|$)/g, '#')];
}
