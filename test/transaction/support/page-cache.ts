import fs from 'node:fs';

type Args = readonly unknown[];

/**
 * What the disk holds of each file that was written to: as many bytes as there were at its last fsync. Names are taken to be durable at
 * once, which is the worst case for content: a file that is there, and empty.
 */
export class PageCache {
  /** Bytes that are durable, of files that were written to since. */
  readonly #durable = new Map<string, number>();
  readonly #open = new Map<number, string>();

  /** Called before a call of node:fs is made. */
  before(name: string, args: Args): void {
    const [first, second] = args;
    if (name === 'closeSync') this.#open.delete(Number(first));
    // A file that is replaced or removed takes what was not durable of it along.
    if (name === 'renameSync') this.#forget(String(second));
    if (name === 'unlinkSync') this.#forget(String(first));
  }

  /** Called after it, with what it returned. */
  after(name: string, args: Args, result: unknown): void {
    const [first, second] = args;
    const open = this.#open.get(Number(first)) ?? '';
    if (name === 'openSync') this.#open.set(Number(result), String(first));
    else if (name === 'writeSync') this.#write(open, Number(result));
    else if (name === 'write') this.#writeAt(open, Number(args[4]));
    else if (name === 'writeFileSync') this.#durable.set(String(first), 0);
    else if (name === 'copyFileSync') this.#durable.set(String(second), 0);
    else if (name === 'fsyncSync' || name === 'fsync') this.#durable.delete(open);
    else if (name === 'renameSync') this.#move(String(first), String(second));
    else if (name === 'linkSync') this.#alsoAt(String(first), String(second));
  }

  /** The power is gone: every file holds what was durable of it. */
  lose(): void {
    for (const [file, bytes] of this.#durable) {
      const stat = fs.lstatSync(file, { throwIfNoEntry: false });
      if (stat?.isFile() === true && stat.size > bytes) fs.truncateSync(file, bytes);
    }
  }

  #write(file: string, written: number): void {
    if (this.#durable.has(file)) return;
    const size = fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? written;
    this.#durable.set(file, Math.max(0, size - written));
  }

  /** Several of these are under way at once and end in any order. */
  #writeAt(file: string, position: number): void {
    this.#durable.set(file, Math.min(this.#durable.get(file) ?? position, position));
  }

  #forget(file: string): void {
    this.#durable.delete(file);
  }

  /** Both names are of one file. */
  #alsoAt(from: string, to: string): void {
    const bytes = this.#durable.get(from);
    if (bytes !== undefined) this.#durable.set(to, bytes);
  }

  #move(from: string, to: string): void {
    for (const [file, bytes] of this.#durable) {
      if (file !== from && !file.startsWith(`${from}/`)) continue;
      this.#durable.delete(file);
      this.#durable.set(to + file.slice(from.length), bytes);
    }
    for (const [fd, file] of this.#open)
      if (file === from || file.startsWith(`${from}/`)) this.#open.set(fd, to + file.slice(from.length));
  }
}
