import fs from 'node:fs';
import { damaged } from '../../damage.ts';

/** What messages call the file: the proof does not know where its bytes come from. */
export const DATABASE_FILE = 'database file';
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const HEADER_SIZE = 100;
/** Neighbouring pages are read together, up to this many bytes. */
const WINDOW = 512 * 1024;

export type TextEncoding = 'utf8' | 'utf16le' | 'utf16be';
const ENCODINGS: readonly TextEncoding[] = ['utf8', 'utf8', 'utf16le', 'utf16be'];

/** The pages of a database file that has neither a log nor a journal beside it any more (https://www.sqlite.org/fileformat2.html). */
export class PageFile {
  readonly pageSize: number;
  /** Bytes of a page that hold content. */
  readonly usable: number;
  readonly pages: number;
  readonly encoding: TextEncoding;
  readonly #fd: number;
  readonly #windows = [new Window(), new Window()] as const;

  /** @throws BackupError DATABASE_DAMAGED if even SQLite could read nothing of the file */
  constructor(file: string) {
    this.#fd = fs.openSync(file, 'r');
    try {
      const header = Buffer.alloc(HEADER_SIZE);
      const size = fs.fstatSync(this.#fd).size;
      if (size === 0) throw damaged(DATABASE_FILE, 'it is empty');
      fs.readSync(this.#fd, header, 0, HEADER_SIZE, 0);
      checkStart(header, size);
      const stated = header.readUInt16BE(16);
      this.pageSize = stated === 1 ? 65_536 : stated;
      if (this.pageSize < 512 || (this.pageSize & (this.pageSize - 1)) !== 0)
        throw damaged(DATABASE_FILE, `its page size is ${stated}`, 16);
      this.usable = this.pageSize - (header[20] ?? 0);
      if (this.usable < 480) throw damaged(DATABASE_FILE, `its pages have ${this.usable} bytes for content`, 20);
      this.pages = Math.floor(size / this.pageSize);
      if (this.pages === 0) throw damaged(DATABASE_FILE, `it ends after ${size} bytes, inside its first page`);
      this.encoding = ENCODINGS[header.readUInt32BE(56)] ?? 'utf8';
    } catch (error) {
      fs.closeSync(this.#fd);
      throw error;
    }
  }

  /** A view that is valid until the next call. */
  page(number: number): Buffer {
    return this.#read(number, 0);
  }

  /** The same for the pages in which a long record continues. A view from `page` stays valid. */
  overflow(number: number): Buffer {
    return this.#read(number, 1);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  #read(number: number, which: 0 | 1): Buffer {
    if (number < 1 || number > this.pages)
      throw damaged(DATABASE_FILE, `it names page ${number}, and has ${this.pages}`);
    const window = this.#windows[which];
    const position = (number - 1) * this.pageSize;
    if (position < window.start || position + this.pageSize > window.end) {
      // After a jump only one page is read, because the pages after it may not be needed.
      const follows = position >= window.start && position <= window.end + WINDOW;
      window.fill(this.#fd, position, follows ? WINDOW : this.pageSize);
      if (position + this.pageSize > window.end) throw damaged(DATABASE_FILE, 'it ends inside a page', position);
    }
    const at = position - window.start;
    return window.bytes.subarray(at, at + this.pageSize);
  }
}

class Window {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;

  fill(fd: number, position: number, length: number): void {
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafeSlow(Math.max(WINDOW, length));
    this.start = position;
    this.end = position;
    while (this.end < position + length) {
      const read = fs.readSync(fd, this.bytes, this.end - position, position + length - this.end, this.end);
      if (read === 0) break;
      this.end += read;
    }
  }
}

function checkStart(header: Buffer, size: number): void {
  const start = header.subarray(0, MAGIC.length);
  if (start.every((byte) => byte === 0)) throw damaged(DATABASE_FILE, 'its header is zeroed', 0);
  if (!start.equals(MAGIC))
    throw damaged(DATABASE_FILE, 'it does not begin as a SQLite database does; it may be encrypted', 0);
  if (size < HEADER_SIZE) throw damaged(DATABASE_FILE, `it ends after ${size} bytes, inside its header`);
}
