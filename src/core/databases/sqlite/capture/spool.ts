import fs from 'node:fs';
import path from 'node:path';
import { removeTree } from '../../../fs/durable.ts';
import { freeSpace } from '../../../fs/space.ts';
import { BackupError } from '../../../model/backup-error.ts';
import { attributesOf, readBounded, type CapturedFile } from '../../captured-file.ts';
import { readFully } from '../../database-files.ts';

/** When something was changed, and on which file system. */
export interface Stamp {
  readonly dev: bigint;
  readonly ctimeNs: bigint;
}

/** A folder of ours with a copy of each part of a database. Each attempt overwrites the copies of the one before. */
export class Spool {
  readonly #folder: string;
  readonly #copies = new Map<string, SpooledCopy>();
  #clock: number | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  copy(part: string): SpooledCopy {
    const known = this.#copies.get(part);
    if (known !== undefined) return known;
    const made = new SpooledCopy(this.#path(part));
    this.#copies.set(part, made);
    return made;
  }

  /** Removes every copy and returns the path at which SQLite is to write its copy of the database file. `copy` finds it there. */
  handOver(): string {
    for (const [part, copy] of this.#copies) {
      copy.close();
      fs.rmSync(this.#path(part));
    }
    this.#copies.clear();
    return this.#path('');
  }

  /** Throws NO_SPACE if the copies of an attempt, this many bytes in all, do not fit. */
  makeRoom(bytes: number): void {
    const held = [...this.#copies.values()].reduce((sum, copy) => sum + copy.size, 0);
    const free = freeSpace(this.#folder).bytes + BigInt(held);
    if (free >= BigInt(bytes)) return;
    throw new BackupError(
      'NO_SPACE',
      `not enough space to copy a database: ${free} bytes are free, ${bytes} are needed`,
      {
        hint: 'Free some space there.',
        path: path.dirname(this.#folder),
        details: { freeBytes: Number(free), neededBytes: bytes },
      },
    );
  }

  /** The time that a change would get now. */
  stamp(): Stamp {
    this.#clock ??= fs.openSync(path.join(this.#folder, 'clock'), 'w', 0o600);
    // A kernel with fine-grained times gives one only to a file whose times somebody read after its last change.
    fs.fstatSync(this.#clock);
    fs.writeSync(this.#clock, '.', 0);
    return fs.fstatSync(this.#clock, { bigint: true });
  }

  remove(): void {
    for (const copy of this.#copies.values()) copy.close();
    this.#copies.clear();
    if (this.#clock !== null) fs.closeSync(this.#clock);
    this.#clock = null;
    removeTree(this.#folder);
  }

  #path(part: string): string {
    return path.join(this.#folder, `database${part}`);
  }
}

/** The copy of one part. */
export class SpooledCopy {
  readonly #fd: number;
  #size: number;

  constructor(file: string) {
    this.#fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    this.#size = fs.fstatSync(this.#fd).size;
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  write(bytes: Buffer, position: number): void {
    for (let done = 0; done < bytes.length;)
      done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, position + done);
    this.#size = Math.max(this.#size, position + bytes.length);
  }

  /** Cuts what is left from an earlier attempt, or belongs to no state. */
  cut(size: number): void {
    if (this.#size > size) fs.ftruncateSync(this.#fd, size);
    this.#size = Math.min(this.#size, size);
  }

  read(position: number, length: number): Buffer {
    return readFully(this.#fd, position, length);
  }

  /** The copy as a file of the capture. @param stat that of the original */
  file(name: string, stat: fs.BigIntStats): CapturedFile {
    const size = this.#size;
    return {
      name,
      size,
      ...attributesOf(stat),
      read: (block, blockOffset, length, position) => readBounded(this.#fd, size, block, blockOffset, length, position),
      done: () => undefined,
    };
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
