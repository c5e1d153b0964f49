import { Ints } from './ints.ts';

/** Who has which node: one place accounts for one record. */
export class Claims {
  readonly #holder: Int32Array;
  readonly #found: Float64Array;
  readonly #starts = new Ints();
  readonly #nodes = new Ints();

  constructor(records: number, nodes: number) {
    this.#holder = new Int32Array(nodes).fill(-1);
    this.#found = new Float64Array(records);
  }

  /**
   * A record claims the nodes that have its values; to be called for each record in turn.
   * @param found how much of the record they hold, from 0 to 1
   */
  claim(record: number, nodes: readonly number[], found: number): void {
    this.#starts.push(this.#nodes.length);
    this.#found[record] = found;
    for (const node of nodes) this.#nodes.push(node);
    this.#take(record, nodes);
  }

  /** Whether each node that a record claims is held by another one, of which more was found there. */
  isBeaten(record: number): boolean {
    const start = this.#starts.at(record);
    const end = record + 1 < this.#starts.length ? this.#starts.at(record + 1) : this.#nodes.length;
    for (let at = start; at < end; at++) if (this.#holder[this.#nodes.at(at)] === record) return false;
    return end > start;
  }

  /** Lets a beaten record have other nodes; false if those are all another's, too. */
  claimInstead(record: number, nodes: readonly number[], found: number): boolean {
    this.#found[record] = found;
    const isFree = nodes.some((node) => this.#isBetter(record, this.#holder[node] ?? -1));
    if (isFree) this.#take(record, nodes);
    return isFree;
  }

  #take(record: number, nodes: readonly number[]): void {
    for (const node of nodes) if (this.#isBetter(record, this.#holder[node] ?? -1)) this.#holder[node] = record;
  }

  /** The earlier record is the better one where as much was found of both. */
  #isBetter(record: number, holder: number): boolean {
    if (holder < 0) return true;
    const [mine, theirs] = [this.#found[record] ?? 0, this.#found[holder] ?? 0];
    return mine > theirs || (mine === theirs && record < holder);
  }
}
