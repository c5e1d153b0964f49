import type { EntryType, ScannedEntry } from '../model/entry.ts';
import type { FileState } from '../scan/file-state.ts';
import type { EntryItem } from '../scan/scan-item.ts';

const TYPES: readonly EntryType[] = ['file', 'dir', 'symlink'];
/** The bits of a record's first byte: its type, and which fields follow in full because they do not follow from the record before or from another field. */
const TYPE_BITS = 3;
const FOLDER = 4;
const FACTS = 8;
const STATE = 16;
const STATE_MTIME = 32;
const STATE_CTIME = 64;
const BIG = 128;
const MAX_SMALL = 0xffff_ffff;
/** Two texts of at most 4096 bytes, and the numbers. */
const MAX_RECORD_BYTES = 3 * 4096;
const FULL_BYTES = 1 << 18;
/** This is small, because there is a builder for each category and most categories hold few files. */
const FIRST_BYTES = 1 << 15;

export interface BatchOwner {
  readonly category: string;
  readonly source: string;
}

/**
 * Entries in their order, packed so that millions can be kept in memory and handed to another thread. A file takes about 23 bytes and its name, and 8
 * more if its ctime is not its mtime.
 */
export interface EntryBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly owners: readonly BatchOwner[];
  /** The size of its members in a tar: headers, contents, padding. */
  readonly tarBytes: number;
}

/** The fields that neighbours mostly have in common. */
type SharedFacts = Pick<ScannedEntry, 'category' | 'source' | 'mode' | 'uid' | 'gid'>;

/** Gathers entries into batches. One block of memory serves all of them. */
export class BatchBuilder {
  #scratch = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #owners: BatchOwner[] = [];
  #folder: string | null = null;
  #last: ScannedEntry | null = null;
  #tarBytes = 0;
  #at = 0;

  /** The size of its members in a tar so far. */
  get tarBytes(): number {
    return this.#tarBytes;
  }

  get isEmpty(): boolean {
    return this.#at === 0;
  }

  get isFull(): boolean {
    return this.#at + MAX_RECORD_BYTES > FULL_BYTES;
  }

  /** @param tarBytes the size of the member in a tar */
  add({ path, entry, state }: EntryItem, tarBytes: number): void {
    this.#tarBytes += tarBytes;
    if (this.#at + MAX_RECORD_BYTES > this.#scratch.length) this.#grow();
    const name = path.lastIndexOf('/') + 1;
    const folder = path.slice(0, name);
    const flags = this.#flags(entry, state, folder);
    this.#byte(flags);
    if (flags & FOLDER) this.#text(folder);
    this.#text(path.slice(name));
    if (flags & FACTS)
      for (const number of [this.#ownerNumber(entry), entry.mode, entry.uid, entry.gid]) this.#int(number);
    if (flags & BIG) this.#double(entry.size);
    else this.#int(entry.size);
    this.#at = this.#scratch.writeBigInt64LE(entry.mtimeNs, this.#at);
    if (state !== undefined) {
      this.#double(state.inode);
      if (flags & STATE_MTIME) this.#double(state.mtimeMs);
      if (flags & STATE_CTIME) this.#double(state.ctimeMs);
    }
    if (entry.type === 'symlink') this.#text(entry.target ?? '');
    this.#folder = folder;
    this.#last = entry;
  }

  /** Returns the batch so far, and begins the next one. */
  take(): EntryBatch {
    const bytes = new Uint8Array(this.#at);
    bytes.set(this.#scratch.subarray(0, this.#at));
    const batch = { bytes, owners: this.#owners, tarBytes: this.#tarBytes };
    this.#owners = [];
    this.#folder = null;
    this.#last = null;
    this.#tarBytes = 0;
    this.#at = 0;
    return batch;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(this.#scratch.length * 2);
    larger.set(this.#scratch);
    this.#scratch = larger;
  }

  #flags(entry: ScannedEntry, state: FileState | undefined, folder: string): number {
    let flags = TYPES.indexOf(entry.type);
    if (folder !== this.#folder) flags |= FOLDER;
    if (this.#last === null || !sameFacts(entry, this.#last)) flags |= FACTS;
    if (entry.size > MAX_SMALL) flags |= BIG;
    if (state === undefined) return flags;
    flags |= STATE;
    if (state.mtimeMs !== toMs(entry.mtimeNs)) flags |= STATE_MTIME;
    if (state.ctimeMs !== state.mtimeMs) flags |= STATE_CTIME;
    return flags;
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

function sameFacts(a: SharedFacts, b: SharedFacts): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && a.source === b.source && a.category === b.category;
}

/** The same conversion as in `settledState`. */
function toMs(timeNs: bigint): number {
  return Number(timeNs) / 1e6;
}

/** The entries of a batch, in their order. */
export function* entriesOf({ bytes, owners }: EntryBatch): Generator<EntryItem> {
  const reader = new RecordReader(bytes, owners);
  while (!reader.isDone) yield reader.next();
}

/** Reads what the builder writes. */
class RecordReader {
  readonly #bytes: Buffer;
  readonly #owners: readonly BatchOwner[];
  #at = 0;
  #folder = '';
  #facts: SharedFacts | undefined;

  constructor(bytes: Uint8Array<ArrayBuffer>, owners: readonly BatchOwner[]) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#owners = owners;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  next(): EntryItem {
    const flags = this.#bytes.readUInt8(this.#skip(1));
    if (flags & FOLDER) this.#folder = this.#text();
    const path = this.#folder + this.#text();
    const facts = flags & FACTS || this.#facts === undefined ? this.#readFacts() : this.#facts;
    this.#facts = facts;
    const size = flags & BIG ? this.#double() : this.#int();
    const mtimeNs = this.#bytes.readBigInt64LE(this.#skip(8));
    const state = flags & STATE ? this.#state(flags, size, mtimeNs) : undefined;
    const { category, source, mode, uid, gid } = facts;
    const type = TYPES[flags & TYPE_BITS] ?? 'file';
    const found = { category, source, path, type, size, mode, mtimeNs, uid, gid };
    const entry: ScannedEntry = type === 'symlink' ? { ...found, target: this.#text() } : found;
    return state === undefined ? { kind: 'entry', path, entry } : { kind: 'entry', path, entry, state };
  }

  #readFacts(): SharedFacts {
    const { category, source } = this.#owners[this.#int()] ?? { category: '', source: '' };
    return { category, source, mode: this.#int(), uid: this.#int(), gid: this.#int() };
  }

  #state(flags: number, size: number, mtimeNs: bigint): FileState {
    const inode = this.#double();
    const mtimeMs = flags & STATE_MTIME ? this.#double() : toMs(mtimeNs);
    const ctimeMs = flags & STATE_CTIME ? this.#double() : mtimeMs;
    return { inode, size, mtimeMs, ctimeMs };
  }

  #text(): string {
    const bytes = this.#bytes.readUInt16LE(this.#skip(2));
    const from = this.#skip(bytes);
    return this.#bytes.toString('utf8', from, from + bytes);
  }

  #int(): number {
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
