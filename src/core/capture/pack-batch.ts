import { hash } from 'node:crypto';
import path from 'node:path';
import { encodeIndexLine } from '../format/index-line.ts';
import { paddedBytes, writeHeader } from '../format/member-header.ts';
import { checkJson } from '../checks/json-parse.ts';
import { count, countsOf, type Counts } from '../model/counts.ts';
import type { ScannedEntry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { readIfUnchanged } from '../scan/file-reader.ts';
import type { EntryItem } from '../scan/scan-item.ts';
import { formatSum } from '../format/sums.ts';
import { entriesOf, type EntryBatch } from './entry-batch.ts';

/** A read asks for one byte more than there should be, so that a file which has grown is noticed. */
const OVERREAD = 1;
/** Memory is allocated in steps of this size, so that the next batch, which has a slightly different size, fits in it too. */
const ROOM_STEP = 1 << 18;

export interface PackJob {
  readonly batch: EntryBatch;
  /** The place of the first member in the uncompressed tar. */
  readonly offset: number;
  /** Memory to work in. If it is large enough, it is used and returned as the memory of the result. */
  readonly room?: ArrayBuffer | undefined;
}

/** A piece of an archive, with the lines of the index and of the sums that belong to it. */
export interface PackedBatch {
  readonly tar: Uint8Array<ArrayBuffer>;
  readonly index: Uint8Array<ArrayBuffer>;
  readonly sums: Uint8Array<ArrayBuffer>;
  /** By source. */
  readonly tallies: ReadonlyMap<string, Counts>;
  readonly findings: readonly Finding[];
}

/**
 * Reads and hashes the files of a batch and makes the archive's members of them, with four system calls for each file. Null if any file is not
 * exactly what the scan saw: then the whole batch is discarded, and each entry has to be stored with more care.
 * @param root the project's folder
 */
export function packBatch(root: string, { batch, offset, room }: PackJob): PackedBatch | null {
  const need = batch.tarBytes + OVERREAD;
  const buffer =
    room !== undefined && room.byteLength >= need ? room : new ArrayBuffer(Math.ceil(need / ROOM_STEP) * ROOM_STEP);
  const packer = new Packer(root, Buffer.from(buffer), offset);
  for (const item of entriesOf(batch)) if (!packer.add(item)) return null;
  return packer.finish(buffer);
}

class Packer {
  readonly #prefix: string;
  readonly #tar: Buffer;
  readonly #offset: number;
  readonly #tallies = new Map<string, Counts>();
  readonly #findings: Finding[] = [];
  #index = '';
  #sums = '';
  #at = 0;

  constructor(root: string, tar: Buffer, offset: number) {
    this.#prefix = root.endsWith(path.sep) ? root : root + path.sep;
    this.#tar = tar;
    this.#offset = offset;
  }

  /** Returns false if the file is not what the scan saw. */
  add({ entry, state }: EntryItem): boolean {
    const begin = this.#at;
    const from = begin + writeHeader(entry, this.#tar, begin);
    const end = from + entry.size;
    if (entry.type === 'file' && (state === undefined || !readIfUnchanged(this.#native(entry), state, this.#tar, from)))
      return false;
    this.#at = from + paddedBytes(entry.size);
    if (this.#at > end) this.#tar.fill(0, end, this.#at);
    const content = this.#tar.subarray(from, end);
    if (entry.path.endsWith('.json') && entry.type === 'file')
      checkJson(entry, content, (finding) => this.#findings.push(finding));
    this.#note(entry, this.#offset + begin, content);
    return true;
  }

  finish(buffer: ArrayBuffer): PackedBatch {
    const encoder = new TextEncoder();
    return {
      tar: new Uint8Array(buffer, 0, this.#at),
      index: encoder.encode(this.#index),
      sums: encoder.encode(this.#sums),
      tallies: this.#tallies,
      findings: this.#findings,
    };
  }

  #note(entry: ScannedEntry, offset: number, content: Buffer): void {
    const sha256 = entry.type === 'file' ? hash('sha256', content, 'hex') : undefined;
    this.#index += encodeIndexLine(sha256 === undefined ? { ...entry, offset } : { ...entry, sha256, offset });
    if (sha256 !== undefined) this.#sums += formatSum(sha256, entry.path);
    count(countsOf(this.#tallies, entry.source), entry);
  }

  #native(entry: ScannedEntry): string {
    return this.#prefix + (path.sep === '/' ? entry.path : entry.path.replaceAll('/', path.sep));
  }
}
