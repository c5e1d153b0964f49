import type { EntryType, ScannedEntry } from '../../model/entry.ts';
import type { FileState } from '../../sources/file-state.ts';
import type { EntryItem } from '../../sources/scan-item.ts';

const TYPES: readonly EntryType[] = ['file', 'dir', 'symlink'];
/** Two texts of at most 4096 bytes, and the numbers. */
const MAX_RECORD_BYTES = 3 * 4096;
const SCRATCH_BYTES = 1 << 18;

export interface BatchOwner {
  readonly category: string;
  readonly source: string;
}

/** Entries in their order, packed: about 70 bytes and the name for a file. It can be kept by the million, and handed to another thread. */
export interface EntryBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly owners: readonly BatchOwner[];
  /** What its members take in a tar: headers, contents, padding. */
  readonly tarBytes: number;
}

/** Gathers entries into batches; one scratch block serves them all. */
export class BatchBuilder {
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #owners: BatchOwner[] = [];
  #folder: string | null = null;
  #tarBytes = 0;
  #at = 0;

  /** What its members take in a tar so far. */
  get tarBytes(): number {
    return this.#tarBytes;
  }

  get isEmpty(): boolean {
    return this.#at === 0;
  }

  get isFull(): boolean {
    return this.#at + MAX_RECORD_BYTES > SCRATCH_BYTES;
  }

  /** @param tarBytes what the member takes in a tar */
  add({ path, entry, state }: EntryItem, tarBytes: number): void {
    this.#tarBytes += tarBytes;
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
    this.#at = this.#scratch.writeBigInt64LE(entry.mtimeNs, this.#at);
    this.#byte(state === undefined ? 0 : 1);
    if (state !== undefined) for (const number of [state.inode, state.mtimeMs, state.ctimeMs]) this.#double(number);
    if (entry.type === 'symlink') this.#text(entry.target ?? '');
  }

  /** The batch so far; the next one begins. */
  take(): EntryBatch {
    const bytes = new Uint8Array(this.#at);
    bytes.set(this.#scratch.subarray(0, this.#at));
    const batch = { bytes, owners: this.#owners, tarBytes: this.#tarBytes };
    this.#owners = [];
    this.#folder = null;
    this.#tarBytes = 0;
    this.#at = 0;
    return batch;
  }

  #ownerNumber({ category, source }: BatchOwner): number {
    const known = this.#owners.findIndex((owner) => owner.source === source && owner.category === category);
    return known >= 0 ? known : this.#owners.push({ category, source }) - 1;
  }

  #byte(value: number): void {
    this.#at = this.#scratch.writeUInt8(value, this.#at);
  }

  #int(value: number): void {
    this.#at = this.#scratch.writeUInt32LE(value, this.#at);
  }

  #double(value: number): void {
    this.#at = this.#scratch.writeDoubleLE(value, this.#at);
  }

  #text(text: string): void {
    const bytes = this.#scratch.write(text, this.#at + 2);
    this.#scratch.writeUInt16LE(bytes, this.#at);
    this.#at += 2 + bytes;
  }
}

/** The entries of a batch, in their order. */
export function* entriesOf({ bytes, owners }: EntryBatch): Generator<EntryItem> {
  const reader = new RecordReader(bytes);
  let folder = '';
  while (!reader.isDone) {
    const type = TYPES[reader.byte()] ?? 'file';
    if (reader.byte() === 1) folder = reader.text();
    const path = folder + reader.text();
    const owner = owners[reader.int()];
    if (owner !== undefined) yield reader.entry(path, type, owner);
  }
}

/** The other direction of the builder's layout. */
class RecordReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }

  text(): string {
    const bytes = this.#bytes.readUInt16LE(this.#skip(2));
    const from = this.#skip(bytes);
    return this.#bytes.toString('utf8', from, from + bytes);
  }

  entry(path: string, type: EntryType, { category, source }: BatchOwner): EntryItem {
    const mode = this.int();
    const uid = this.int();
    const gid = this.int();
    const size = this.#double();
    const mtimeNs = this.#bytes.readBigInt64LE(this.#skip(8));
    const state = this.byte() === 1 ? this.#state(size) : undefined;
    const facts = { category, source, path, type, size, mode, mtimeNs, uid, gid };
    const entry: ScannedEntry = type === 'symlink' ? { ...facts, target: this.text() } : facts;
    return state === undefined ? { kind: 'entry', path, entry } : { kind: 'entry', path, entry, state };
  }

  #state(size: number): FileState {
    return { inode: this.#double(), size, mtimeMs: this.#double(), ctimeMs: this.#double() };
  }

  int(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  #double(): number {
    return this.#bytes.readDoubleLE(this.#skip(8));
  }

  #skip(bytes: number): number {
    const from = this.#at;
    this.#at += bytes;
    return from;
  }
}
