import { BlockCursor } from './block.ts';
import { damaged } from '../../damage.ts';
import {
  compareInternalKeys,
  compareKeys,
  sequenceAt,
  TRAILER,
  TYPE_DELETION,
  TYPE_VALUE,
  type Cursor,
} from './internal-key.ts';
import type { Table } from './table.ts';
import type { TableMeta } from './version-edit.ts';

/**
 * The entries of one or more tables that follow one another (one table of level 0, or a whole deeper level). Tables are
 * opened when their turn comes and released after it. Checks that keys ascend and lie where MANIFEST says.
 */
export class TableCursor implements Cursor {
  keyLength = 0;
  sequence = 0;
  isValue = false;
  readonly #metas: readonly TableMeta[];
  readonly #open: (meta: TableMeta) => { readonly table: Table; release(): void };
  readonly #cursor = new BlockCursor();
  #current: { readonly table: Table; release(): void } | undefined;
  #meta: TableMeta | undefined;
  #nextTable = 0;
  #nextBlock = 0;
  #lastKey: Buffer = Buffer.allocUnsafeSlow(256);
  #lastLength = -1;
  #lastSequence = 0;

  constructor(metas: readonly TableMeta[], open: (meta: TableMeta) => { readonly table: Table; release(): void }) {
    this.#metas = metas;
    this.#open = open;
  }

  get key(): Buffer {
    return this.#cursor.key;
  }

  get value(): Buffer {
    return this.#cursor.block;
  }

  get valueStart(): number {
    return this.#cursor.valueStart;
  }

  get valueEnd(): number {
    return this.#cursor.valueEnd;
  }

  next(): boolean {
    for (;;) {
      if (this.#current === undefined && !this.#openNext()) return false;
      if (this.#advance()) return true;
      if (!this.#loadBlock()) this.#finishTable();
    }
  }

  #openNext(): boolean {
    const meta = this.#metas[this.#nextTable];
    if (meta === undefined) return false;
    this.#nextTable += 1;
    this.#meta = meta;
    this.#current = this.#open(meta);
    this.#nextBlock = 0;
    if (!this.#loadBlock()) throw damaged(this.#current.table.name, 'the table is empty');
    return true;
  }

  #loadBlock(): boolean {
    const table = this.#current?.table;
    if (table === undefined || this.#nextBlock >= table.blocks) return false;
    const index = this.#nextBlock;
    this.#nextBlock += 1;
    const block = table.readBlock(index);
    table.decodeBlock(index, () => this.#cursor.reset(block));
    return true;
  }

  /** One entry on within the block. */
  #advance(): boolean {
    const table = this.#current?.table;
    if (table === undefined) return false;
    let moved: boolean;
    try {
      moved = this.#cursor.next();
    } catch (error) {
      throw damaged(table.name, error instanceof Error ? error.message : String(error), undefined, error);
    }
    if (!moved) return false;
    const { key, keyLength } = this.#cursor;
    if (keyLength < TRAILER) throw damaged(table.name, 'a key is shorter than its sequence number');
    const type = key[keyLength - TRAILER];
    if (type !== TYPE_VALUE && type !== TYPE_DELETION) throw damaged(table.name, `a key has type ${type}`);
    this.keyLength = keyLength - TRAILER;
    this.isValue = type === TYPE_VALUE;
    this.sequence = sequenceAt(key, keyLength);
    this.#checkOrder(table);
    return true;
  }

  #checkOrder(table: Table): void {
    const { key } = this.#cursor;
    if (this.#lastLength < 0) {
      const smallest = this.#meta?.smallest;
      if (smallest !== undefined && compareInternalKeys(key.subarray(0, this.keyLength + TRAILER), smallest) < 0) {
        throw damaged(table.name, 'a key is smaller than MANIFEST says');
      }
    } else {
      const order = compareKeys(this.#lastKey, this.#lastLength, key, this.keyLength);
      if (order > 0 || (order === 0 && this.#lastSequence <= this.sequence)) {
        throw damaged(table.name, 'the keys are not in order');
      }
    }
    if (this.keyLength > this.#lastKey.length) this.#lastKey = Buffer.allocUnsafeSlow(this.keyLength * 2);
    for (let index = 0; index < this.keyLength; index++) this.#lastKey[index] = key[index] ?? 0;
    this.#lastLength = this.keyLength;
    this.#lastSequence = this.sequence;
  }

  #finishTable(): void {
    const largest = this.#meta?.largest;
    const name = this.#current?.table.name ?? '';
    if (largest !== undefined) {
      const order = compareKeys(this.#lastKey, this.#lastLength, largest, largest.length - TRAILER);
      if (order > 0 || (order === 0 && this.#lastSequence < sequenceAt(largest, largest.length))) {
        throw damaged(name, 'a key is larger than MANIFEST says');
      }
    }
    this.#current?.release();
    this.#current = undefined;
    const following = this.#metas[this.#nextTable];
    if (following !== undefined && largest !== undefined && compareInternalKeys(largest, following.smallest) >= 0) {
      throw damaged(name, 'two tables of one level overlap');
    }
    this.#lastLength = -1;
  }
}
