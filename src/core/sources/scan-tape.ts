import type { EntryType } from '../model/entry.ts';
import type { EntryItem, ScanItem, StoreItem } from './scan-item.ts';

const CHUNK_BYTES = 1 << 16;
/** Two texts of at most 4096 bytes, and the numbers. */
const MAX_RECORD_BYTES = 3 * 4096;
const TYPES: readonly EntryType[] = ['file', 'dir', 'symlink'];
const STORE = 3;

interface Owner {
  readonly category: string;
  readonly source: string;
}

/**
 * What a scan found, in its order, packed: about 70 bytes and the name for a file, so that a million of them can be kept between looking
 * and storing instead of walking the disk a second time.
 */
export class ScanTape {
  readonly #chunks: Buffer[] = [];
  readonly #ends: number[] = [];
  readonly #stores: StoreItem[] = [];
  readonly #owners: Owner[] = [];
  #folder = '';
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;

  add(item: ScanItem): void {
    if (this.#at + MAX_RECORD_BYTES > this.#chunk.length) this.#turn();
    if (item.kind === 'store') {
      this.#byte(STORE);
      this.#stores.push(item);
    } else this.#entry(item);
    this.#ends[this.#ends.length - 1] = this.#at;
  }

  /** Everything that was added, in that order. */
  *items(): Generator<ScanItem> {
    let store = 0;
    let folder = '';
    for (const [number, chunk] of this.#chunks.entries()) {
      const reader = new RecordReader(chunk);
      while (reader.at < (this.#ends[number] ?? 0)) {
        const kind = reader.byte();
        if (kind === STORE) {
          const item = this.#stores[store++];
          if (item !== undefined) yield item;
          continue;
        }
        if (reader.byte() === 1) folder = reader.text();
        const path = folder + reader.text();
        const owner = this.#owners[reader.int()];
        if (owner !== undefined) yield reader.entry(path, TYPES[kind] ?? 'file', owner);
      }
    }
  }

  #entry({ path, entry, state }: EntryItem): void {
    this.#byte(TYPES.indexOf(entry.type));
    const name = path.lastIndexOf('/') + 1;
    const folder = path.slice(0, name);
    this.#byte(folder === this.#folder ? 0 : 1);
    if (folder !== this.#folder) this.#text(folder);
    this.#folder = folder;
    this.#text(path.slice(name));
    this.#int(this.#ownerNumber(entry));
    for (const number of [entry.mode, entry.uid, entry.gid]) this.#int(number);
    this.#double(entry.size);
    this.#at = this.#chunk.writeBigInt64LE(entry.mtimeNs, this.#at);
    this.#byte(state === undefined ? 0 : 1);
    if (state !== undefined) for (const number of [state.inode, state.mtimeMs, state.ctimeMs]) this.#double(number);
    if (entry.type === 'symlink') this.#text(entry.target ?? '');
  }

  #ownerNumber({ category, source }: Owner): number {
    const known = this.#owners.findIndex((owner) => owner.source === source && owner.category === category);
    return known >= 0 ? known : this.#owners.push({ category, source }) - 1;
  }

  #turn(): void {
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#chunks.push(this.#chunk);
    this.#ends.push(0);
    this.#at = 0;
  }

  #byte(value: number): void {
    this.#at = this.#chunk.writeUInt8(value, this.#at);
  }

  #int(value: number): void {
    this.#at = this.#chunk.writeUInt32LE(value, this.#at);
  }

  #double(value: number): void {
    this.#at = this.#chunk.writeDoubleLE(value, this.#at);
  }

  #text(text: string): void {
    const bytes = this.#chunk.write(text, this.#at + 2);
    this.#chunk.writeUInt16LE(bytes, this.#at);
    this.#at += 2 + bytes;
  }
}

/** The other direction of the same layout. */
class RecordReader {
  at = 0;
  readonly #chunk: Buffer;

  constructor(chunk: Buffer) {
    this.#chunk = chunk;
  }

  byte(): number {
    return this.#chunk.readUInt8(this.#skip(1));
  }

  int(): number {
    return this.#chunk.readUInt32LE(this.#skip(4));
  }

  text(): string {
    const bytes = this.#chunk.readUInt16LE(this.#skip(2));
    const from = this.#skip(bytes);
    return this.#chunk.toString('utf8', from, from + bytes);
  }

  entry(path: string, type: EntryType, { category, source }: Owner): EntryItem {
    const mode = this.int();
    const uid = this.int();
    const gid = this.int();
    const size = this.#double();
    const mtimeNs = this.#chunk.readBigInt64LE(this.#skip(8));
    const state =
      this.byte() === 1 ? { inode: this.#double(), size, mtimeMs: this.#double(), ctimeMs: this.#double() } : undefined;
    const target = type === 'symlink' ? { target: this.text() } : {};
    const entry = { category, source, path, type, size, mode, mtimeNs, uid, gid, ...target };
    return { kind: 'entry', path, entry, ...(state === undefined ? {} : { state }) };
  }

  #double(): number {
    return this.#chunk.readDoubleLE(this.#skip(8));
  }

  #skip(bytes: number): number {
    const from = this.at;
    this.at += bytes;
    return from;
  }
}
