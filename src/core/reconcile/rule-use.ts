import { plural } from '../model/plural.ts';
import { escapeName } from '../paths/names.ts';
import type { Json } from '../records/json.ts';
import { normalForm } from '../records/normal-form.ts';
import type { AccountedRecord, Rules } from './accounted.ts';
import { leavesOf, parseValue } from './value.ts';

/** The rules for one database, and how much each of them has explained. */
export class RuleUse {
  readonly rules: Rules;
  /** Fields of `ignore` that no record was seen to have. */
  readonly #unseen: Set<string>;
  /** Field, a line feed, and the old value. */
  readonly #values = new Set<string>();
  /** By position in `gone`: how many records it explains. */
  readonly #gone: number[];

  constructor(rules: Rules = {}) {
    this.rules = rules;
    this.#unseen = new Set(Object.keys(rules.ignore ?? {}));
    this.#gone = (rules.gone ?? []).map(() => 0);
  }

  /**
   * The rule that explains why a value is another one now, or is not there, in words; undefined if none does.
   * @param now undefined if nothing is at its place
   */
  explaining(field: string, was: Json, now: Json | undefined): string | undefined {
    const { ignore = {}, values = {} } = this.rules;
    if (Object.hasOwn(ignore, field)) return `ignore ${field}`;
    const renamed = own(own(values, field) ?? {}, textOf(was));
    if (renamed === undefined || now === undefined || normalForm(now) !== normalForm(renamed)) return undefined;
    return `values ${field}`;
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
        if (own(own(this.rules.values ?? {}, field) ?? {}, textOf(was)) !== undefined)
          this.#values.add(`${field}\n${textOf(was)}`);
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
    const { values = {}, gone = [] } = this.rules;
    const unused = (rule: string): string => `the rule ${escapeName(rule)} matches nothing`;
    return [
      ...[...this.#unseen].map((field) => unused(`ignore ${field}`)),
      ...Object.entries(values).flatMap(([field, renamed]) =>
        Object.entries(renamed).flatMap(([was, now]) =>
          this.#values.has(`${field}\n${was}`) ? [] : [unused(`values ${field}: ${was} -> ${now}`)],
        ),
      ),
      ...gone.flatMap(({ key, entries }, at) => {
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

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function own<T>(object: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
