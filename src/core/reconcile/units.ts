import { Ints } from './ints.ts';
import type { NewNodes } from './new-nodes.ts';
import type { OldValues } from './old-values.ts';

/** Where a value stands: the node that has it, or the node whose key it is. */
export interface Standing {
  readonly node: number;
  readonly isKey: boolean;
}

/**
 * What can hold one record or a few of them: each document, and each part of one that `split` makes a unit of its own. A part also knows what stands in its
 * document outside of the parts beside it: that is its parent unit.
 */
export class Units {
  readonly nodes: NewNodes;
  readonly #forms: number;
  readonly #roots = new Ints();
  readonly #parents = new Ints();
  readonly #unitOf: Int32Array;
  /** By form, where its part of `#standing` begins. */
  #starts = new Int32Array(0);
  /** Sorted by form, then by unit, then by node: twice the node, and one more if it is its key. */
  #standing = new Int32Array(0);

  constructor(old: OldValues, nodes: NewNodes) {
    this.nodes = nodes;
    this.#forms = old.forms.texts.length;
    this.#unitOf = new Int32Array(nodes.length).fill(-1);
    for (const root of nodes.roots) this.#add(root, -1);
    this.#arrange();
  }

  rootOf(unit: number): number {
    return this.#roots.at(unit);
  }

  /** -1 if there is none. */
  parentOf(unit: number): number {
    return this.#parents.at(unit);
  }

  unitOf(node: number): number {
    return this.#unitOf[node] ?? -1;
  }

  /** Makes units of what is directly in these nodes, as far as it is more than a scalar. Outer nodes come before inner ones. */
  split(containers: readonly number[]): void {
    for (const container of containers)
      for (const child of this.nodes.inside(container))
        if (this.nodes.endOf(child) > child + 1) this.#add(child, this.unitOf(container));
    this.#arrange();
  }

  /** How many times a form stands in all documents. */
  count(form: number): number {
    return (this.#starts[form + 1] ?? 0) - (this.#starts[form] ?? 0);
  }

  /** Where a form stands in a unit, without its parents; at most `limit`. */
  standings(form: number, unit: number, limit: number): Standing[] {
    const found: Standing[] = [];
    const end = this.#starts[form + 1] ?? 0;
    for (let at = this.#firstAt(form, unit); at < end && found.length < limit; at++) {
      const standing = this.#at(at);
      if (this.unitOf(standing.node) !== unit) break;
      found.push(standing);
    }
    return found;
  }

  /** Whether a form stands in a unit or in one of its parents. */
  holds(unit: number, form: number): boolean {
    for (let each = unit; each >= 0; each = this.parentOf(each)) {
      const at = this.#firstAt(form, each);
      if (at < (this.#starts[form + 1] ?? 0) && this.unitOf(this.#at(at).node) === each) return true;
    }
    return false;
  }

  /** The units in which a form stands, at most `limit`. */
  unitsWith(form: number, limit: number): number[] {
    const units: number[] = [];
    const end = this.#starts[form + 1] ?? 0;
    for (let at = this.#starts[form] ?? 0; at < end && units.length < limit;) {
      const unit = this.unitOf(this.#at(at).node);
      units.push(unit);
      at = this.#firstAt(form, unit + 1);
    }
    return units;
  }

  #at(position: number): Standing {
    const value = this.#standing[position] ?? 0;
    return { node: value >> 1, isKey: (value & 1) === 1 };
  }

  /** The first standing of a form in this unit or a later one. */
  #firstAt(form: number, unit: number): number {
    let [low, high] = [this.#starts[form] ?? 0, this.#starts[form + 1] ?? 0];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.unitOf((this.#standing[middle] ?? 0) >> 1) < unit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #add(root: number, parent: number): void {
    const unit = this.#roots.push(root);
    this.#parents.push(parent);
    this.#unitOf.fill(unit, root, this.nodes.endOf(root));
  }

  #arrange(): void {
    const order = this.#nodesByUnit();
    const starts = new Int32Array(this.#forms + 2);
    const forms = (node: number): readonly number[] => [this.nodes.formOf(node), this.nodes.keyFormOf(node)];
    for (const node of order)
      for (const form of forms(node)) if (form >= 0) starts[form + 2] = (starts[form + 2] ?? 0) + 1;
    for (let form = 2; form < starts.length; form++) starts[form] = (starts[form] ?? 0) + (starts[form - 1] ?? 0);
    this.#standing = new Int32Array(starts.at(-1) ?? 0);
    for (const node of order)
      for (const [isKey, form] of forms(node).entries())
        if (form >= 0) {
          const at = starts[form + 1] ?? 0;
          this.#standing[at] = node * 2 + isKey;
          starts[form + 1] = at + 1;
        }
    this.#starts = starts;
  }

  /** Nodes that belong to a unit, in the order of the units. */
  #nodesByUnit(): Int32Array {
    const starts = new Int32Array(this.#roots.length + 1);
    let belong = 0;
    for (const unit of this.#unitOf) if (unit >= 0) belong = starts[unit + 1] = (starts[unit + 1] ?? 0) + 1;
    for (let unit = 1; unit < starts.length; unit++) starts[unit] = (starts[unit] ?? 0) + (starts[unit - 1] ?? 0);
    belong = starts.at(-1) ?? 0;
    const order = new Int32Array(belong);
    for (let node = 0; node < this.#unitOf.length; node++) {
      const unit = this.unitOf(node);
      if (unit < 0) continue;
      const at = starts[unit] ?? 0;
      order[at] = node;
      starts[unit] = at + 1;
    }
    return order;
  }
}
