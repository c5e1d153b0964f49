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

/** A read asks for a byte more than there should be. */
const OVERREAD = 1;
/** Memory is taken in such steps, so that the next batch, which is never just as large, finds room in it too. */
const ROOM_STEP = 1 << 18;

export interface PackJob {
  readonly batch: EntryBatch;
  /** Where the first member will stand in the uncompressed tar. */
  readonly offset: number;
  /** Memory to work in: it is used if it is large enough, and comes back as the result's. */
  readonly room?: ArrayBuffer | undefined;
}

/** A stretch of an archive with the lines of index and sums that belong to it. */
export interface PackedBatch {
  readonly tar: Uint8Array<ArrayBuffer>;
  readonly index: Uint8Array<ArrayBuffer>;
  readonly sums: Uint8Array<ArrayBuffer>;
  /** By source. */
  readonly tallies: ReadonlyMap<string, Counts>;
  readonly findings: readonly Finding[];
}

/**
 * Reads the files of a batch and makes the members of it, each hashed, with four system calls a file. Null if any of them is not exactly
 * what the scan saw: then nothing of the batch counts, and each entry has to be stored with more care.
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

  /** False: the file is not what was seen. */
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
