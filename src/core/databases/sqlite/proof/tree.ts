import { damaged } from '../../damage.ts';
import { DATABASE_FILE, type PageFile } from './page-file.ts';

/** Kinds of pages of a b-tree (https://www.sqlite.org/fileformat2.html, "B-tree Pages"). */
const INTERIOR_INDEX = 2;
const INTERIOR_TABLE = 5;
const LEAF_INDEX = 10;
const LEAF_TABLE = 13;
/** SQLite's own limit (src/btreeInt.h, BTCURSOR_MAX_DEPTH). */
const MAX_DEPTH = 20;

/** Where a cell is. The page is a view that is valid until the next cell is asked for. */
export interface Cell {
  page: Buffer;
  at: number;
}

interface Level {
  readonly number: number;
  readonly page: Buffer;
  /** The number of cells. */
  readonly count: number;
  /** The next child to visit; `count` means the rightmost child. */
  next: number;
}

/** Where the header of a page begins. On the first page the header of the file comes before it. */
const startOf = (number: number): number => (number === 1 ? 100 : 0);

/** Walks one b-tree in order. It visits no page twice, so it ends whatever the bytes are. */
export class TreeWalk {
  readonly #file: PageFile;
  readonly #visited: Uint8Array;
  readonly isTable: boolean;

  constructor(file: PageFile, root: number) {
    this.#file = file;
    this.#visited = new Uint8Array((file.pages >> 3) + 1);
    const kind = this.#file.page(root)[startOf(root)];
    this.isTable = kind === LEAF_TABLE || kind === INTERIOR_TABLE;
  }

  /** The cells with content: in a table the cells of the leaves, in an index all cells. */
  *cells(root: number): Generator<Cell> {
    const cell: Cell = { page: Buffer.alloc(0), at: 0 };
    const levels: Level[] = [];
    let number = root;
    for (;;) {
      const page = this.#enter(number, levels.length);
      const start = startOf(number);
      const count = page.readUInt16BE(start + 3);
      if ((page[start] ?? 0) < LEAF_INDEX) {
        // A copy, because the view becomes invalid before this is used.
        levels.push({ number, page: Buffer.from(page), count, next: 0 });
      } else {
        cell.page = page;
        for (let index = 0; index < count; index++) {
          cell.at = this.#cellAt(page, start + 8, index, number);
          yield cell;
        }
      }
      for (;;) {
        const level = levels.at(-1);
        if (level === undefined) return;
        const pointers = startOf(level.number) + 12;
        const index = level.next++;
        // Cells of an index have content on interior pages too, behind the four bytes of the child's number. Its place is after that child.
        if (!this.isTable && index > 0 && index <= level.count) {
          cell.page = level.page;
          cell.at = this.#cellAt(level.page, pointers, index - 1, level.number) + 4;
          yield cell;
        }
        if (index < level.count) {
          number = level.page.readUInt32BE(this.#cellAt(level.page, pointers, index, level.number));
          break;
        }
        if (index === level.count) {
          // The number of the rightmost child is the last field of the page's header.
          number = level.page.readUInt32BE(pointers - 4);
          break;
        }
        levels.pop();
      }
    }
  }

  #enter(number: number, depth: number): Buffer {
    if (depth >= MAX_DEPTH) throw damaged(DATABASE_FILE, `its tree at page ${number} is deeper than SQLite goes`);
    const page = this.#file.page(number);
    const mask = 1 << (number & 7);
    if (((this.#visited[number >> 3] ?? 0) & mask) !== 0)
      throw damaged(DATABASE_FILE, `a tree leads to page ${number} twice`);
    this.#visited[number >> 3] = (this.#visited[number >> 3] ?? 0) | mask;
    const kind = page[startOf(number)];
    const isOurs = this.isTable
      ? kind === LEAF_TABLE || kind === INTERIOR_TABLE
      : kind === LEAF_INDEX || kind === INTERIOR_INDEX;
    if (!isOurs) throw damaged(DATABASE_FILE, `page ${number} does not belong to the tree that leads to it`);
    return page;
  }

  #cellAt(page: Buffer, pointers: number, index: number, number: number): number {
    const pointer = pointers + index * 2;
    const at = pointer + 2 <= this.#file.usable ? page.readUInt16BE(pointer) : 0;
    if (at < pointers || at + 4 > this.#file.usable)
      throw damaged(DATABASE_FILE, `page ${number} has a cell outside of its content`);
    return at;
  }
}

/** Checks the structure of a tree, and returns how many rows or entries it has. @throws BackupError DATABASE_DAMAGED */
export function checkTree(file: PageFile, root: number): number {
  const cells = new TreeWalk(file, root).cells(root);
  let count = 0;
  while (cells.next().done !== true) count += 1;
  return count;
}
