import type { NewNodes } from './new-nodes.ts';
import type { Piece, Place, PlacePart } from './place.ts';
import type { RecordNames } from './record-names.ts';
import type { Units } from './units.ts';

/** A star is not followed into more than this: which of them is the record's nobody could say. */
const MAX_INSIDE = 1000;
/** So many nodes are looked at for one value and one place. */
const MAX_LOOKS = 5000;
/** Each piece of a key can be two texts, if a rule renames the value. */
const MAX_TEXTS = 16;

/** And so many for all, with as many more for each record: a few for each of its values. */
const MAX_LOOKS_IN_ALL = 100_000_000;
const LOOKS_OF_RECORD = 2000;

/** Finds what stands at the places of a record. */
export class NodeFinder {
  /** How many nodes may still be looked at; below 0 nothing is found any more. */
  left: number;
  readonly #units: Units;
  readonly #nodes: NewNodes;
  /** The same for all records. */
  readonly #literals = new Map<PlacePart, readonly number[]>();
  #last: { readonly unit: number; readonly ways: readonly Way[] } = { unit: -1, ways: [] };

  constructor(units: Units, records: number) {
    this.left = MAX_LOOKS_IN_ALL + LOOKS_OF_RECORD * records;
    this.#units = units;
    this.#nodes = units.nodes;
  }

  /**
   * The nodes at a place in a unit, or else in the nearest of its parents that has any.
   * @param positions what `#` stands for
   */
  find(place: Place, names: RecordNames, positions: readonly string[], unit: number): number[] {
    const search: Search = { parts: place.parts, names, positions, found: [], end: Math.max(0, this.left - MAX_LOOKS) };
    for (const way of this.#waysTo(unit)) {
      if (!this.#matchesWay(way.nodes, search)) continue;
      this.#walk(way.root, way.nodes.length, search, way.unit);
      if (search.found.length > 0) break;
    }
    return search.found;
  }

  /** From the top of the file to the unit, and to each of its parents. */
  #waysTo(unit: number): readonly Way[] {
    if (this.#last.unit === unit) return this.#last.ways;
    const ways: Way[] = [];
    for (let each = unit; each >= 0; each = this.#units.parentOf(each)) {
      const root = this.#units.rootOf(each);
      ways.push({ unit: each, root, nodes: this.#nodes.wayTo(root) });
    }
    this.#last = { unit, ways };
    return ways;
  }

  #matchesWay(nodes: readonly number[], search: Search): boolean {
    return (
      nodes.length <= search.parts.length && nodes.every((node, at) => this.#matches(node, search.parts[at], search))
    );
  }

  #matches(node: number, part: PlacePart | undefined, search: Search): boolean {
    return part === '*' || this.#keysOf(part, search, 0).includes(this.#nodes.sameKeyOf(node));
  }

  #walk(node: number, at: number, search: Search, unit: number): void {
    if (this.left-- < search.end || this.#units.unitOf(node) !== unit) return;
    const part = search.parts[at];
    if (part === undefined) search.found.push(node);
    else if (part === '*') {
      const inside = this.#nodes.firstInside(node, MAX_INSIDE + 1);
      if (inside.length <= MAX_INSIDE) for (const child of inside) this.#walk(child, at + 1, search, unit);
    } else {
      const position = search.parts.slice(0, at).filter((each) => each === '#').length;
      for (const key of this.#keysOf(part, search, position)) {
        const child = this.#nodes.child(node, key);
        if (child >= 0) this.#walk(child, at + 1, search, unit);
      }
    }
  }

  /** The keys that a part can be, as they are numbered. */
  #keysOf(part: PlacePart | undefined, { names, positions }: Search, position: number): readonly number[] {
    if (part === undefined || part === '*') return [];
    if (part === '#') return this.#known(positions[position]);
    const cache = isText(part) ? this.#literals : names.keys;
    const known = cache.get(part);
    if (known !== undefined) return known;
    let texts: readonly string[] = [''];
    for (const piece of part)
      texts = names
        .textsOf(piece)
        .flatMap((text) => texts.map((before) => before + text))
        .slice(0, MAX_TEXTS);
    const keys = texts.flatMap((text) => this.#known(text));
    cache.set(part, keys);
    return keys;
  }

  #known(text: string | undefined): readonly number[] {
    const key = text === undefined ? -1 : this.#nodes.sameKey(text);
    return key < 0 ? [] : [key];
  }
}

const isText = (part: readonly Piece[]): boolean => part.every((piece) => 'text' in piece);

interface Way {
  readonly unit: number;
  readonly root: number;
  readonly nodes: readonly number[];
}

interface Search {
  readonly parts: readonly PlacePart[];
  readonly names: RecordNames;
  readonly positions: readonly string[];
  readonly found: number[];
  readonly end: number;
}
