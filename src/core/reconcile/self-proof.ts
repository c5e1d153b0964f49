import { hasInKey, type Place } from './place.ts';
import { type Field, isMost, qualityOf, share, type Tried } from './try-place.ts';
import type { Units } from './units.ts';

/*
 * A value can stand as a key: the name of a contract, above what is known of it. A name of another record stands as the key of that record, and would be found
 * there also if it was lost: such a key is evidence only if it is above other values of the record.
 */

/** The node whose key says a value that stands at a node: itself or one above it; -1 if none does. */
export function keyThatSays(units: Units, node: number, form: number): number {
  for (let at = node; at >= 0; at = units.nodes.parentOf(at)) if (units.nodes.keyFormOf(at) === form) return at;
  return -1;
}

/** Whether a node is another one or in it. */
export function isIn(units: Units, node: number, outer: number): boolean {
  return node >= outer && node < units.nodes.endOf(outer);
}

/** A field is at home at its best place from this share on. */
const AT_HOME = 0.4;

/** Leaves out of what was tried the names that stand nowhere but as keys of objects that hold nothing else of their record. */
export class Proofs {
  readonly #units: Units;
  /** Record -> field -> where its value stands. */
  readonly #homes = new Map<number, Map<number, number>>();
  readonly #telling: ReadonlySet<number>;

  constructor(units: Units, fields: readonly Field[]) {
    this.#units = units;
    this.#telling = new Set(fields.filter((each) => each.isTelling).map(({ number }) => number));
    for (const field of fields) {
      const [best] = field.tried
        .filter((each) => !field.isConstant && share(each) >= AT_HOME && !this.#isKey(field, each))
        .toSorted((a, b) => b.quality - a.quality);
      for (const [at, node] of best?.holds ?? []) {
        const record = field.votes[at]?.voter.record ?? -1;
        const homes = this.#homes.get(record) ?? new Map<number, number>();
        this.#homes.set(record, homes.set(field.number, node));
      }
    }
  }

  proven(field: Field): Field {
    const tried = field.tried.map((each): Tried => {
      const holds = new Map([...each.holds].filter(([at, node]) => this.#isProven(field, each.place, at, node)));
      if (holds.size === each.holds.size) return each;
      return { ...each, holds, quality: qualityOf(each.place, field.name, each.hits, holds) };
    });
    return { ...field, tried };
  }

  #isKey({ votes, name }: Field, { place, holds }: Tried): boolean {
    const isInKey = hasInKey(place, name);
    return isMost(votes, holds, (vote, node) => isInKey || keyThatSays(this.#units, node, vote.form) >= 0);
  }

  #isProven({ number, name, votes }: Field, place: Place, at: number, node: number): boolean {
    const vote = votes[at];
    if (vote === undefined) return false;
    const key = hasInKey(place, name) ? node : keyThatSays(this.#units, node, vote.form);
    if (key < 0) return true;
    const others = [...(this.#homes.get(vote.voter.record) ?? [])].filter(([field]) => field !== number);
    const telling = others.filter(([field]) => this.#telling.has(field));
    return (telling.length > 0 ? telling : others).some(([, home]) => isIn(this.#units, home, key));
  }
}
