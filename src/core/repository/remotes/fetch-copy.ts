import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { atOnce } from '../../concurrency/at-once.ts';
import { collectNewGarbage } from '../../format/buffer-memory.ts';
import { fsyncDir, fsyncMeanwhile, lstatOrNull, mkdirDurable, removeTree, writeAll } from '../../fs/durable.ts';
import { BackupError } from '../../model/backup-error.ts';
import { escapeName } from '../../paths/names.ts';
import type { CopyFile } from './copy-contents.ts';

const AT_ONCE = 4;
const BLOCK_BYTES = 1 << 20;
/** What comes leaves more than its size as garbage. */
const COLLECT_BYTES = 8 << 20;

export interface FetchHow {
  /** Told how many files and bytes are here, each time that more are. */
  readonly onProgress?: ((files: number, bytes: number) => void) | undefined;
}

/**
 * Fetches every file of a copy into a folder of its own, several at once, each in one request, and hashes it while it is written. What an earlier run has
 * written there is kept as far as its bytes are right. On return everything is durable. Throws BACKUP_DAMAGED if one is not what the copy says.
 */
export async function fetchWhole(files: readonly CopyFile[], folder: string, how: FetchHow): Promise<void> {
  mkdirDurable(path.join(folder, 'checksums'), 0o700);
  keepOnly(folder, files);
  const done = { files: 0, bytes: 0 };
  let sinceCollected = 0;
  const fetch = async (object: CopyFile): Promise<void> => {
    const file = new FetchedFile(folder, object);
    try {
      const had = file.resume();
      done.bytes += had;
      for await (const chunk of object.read(file.length, object.size)) {
        file.add(chunk);
        done.bytes += chunk.length;
        if ((sinceCollected += chunk.length) >= COLLECT_BYTES) {
          sinceCollected = 0;
          collectNewGarbage();
        }
        how.onProgress?.(done.files, done.bytes);
      }
      if (await file.finish()) return how.onProgress?.(++done.files, done.bytes);
      if (had === 0) throw wrongObject(object, path.join(folder, object.name));
      done.bytes -= object.size;
    } finally {
      file.close();
    }
    // What an earlier run left was not the beginning of this object.
    await fetch(object);
  };
  await atOnce(AT_ONCE, files, fetch);
  fsyncDir(path.join(folder, 'checksums'));
  fsyncDir(folder);
}

/** Exactly these bytes of a file. */
export async function readRange(file: CopyFile, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(to - from);
  let done = 0;
  for await (const chunk of file.read(from, to)) done += chunk.copy(bytes, done);
  return bytes;
}

/** A file that is being fetched: always the beginning of the one in the copy. */
class FetchedFile {
  readonly object: CopyFile;
  length = 0;
  readonly #file: string;
  #hash: Hash = createHash('sha256');
  #fd: number | null = null;

  constructor(folder: string, object: CopyFile) {
    this.object = object;
    this.#file = path.join(folder, ...object.name.split('/'));
  }

  /** Opens it and hashes what is there. A file that is there whole and is another one starts over. Returns how many bytes are there. */
  resume(): number {
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = fs.constants;
    const fd = fs.openSync(this.#file, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    this.#fd = fd;
    if (fs.fstatSync(fd).size > this.object.size) fs.ftruncateSync(fd, 0);
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    for (let read = fs.readSync(fd, block); read > 0; read = fs.readSync(fd, block)) {
      this.#hash.update(block.subarray(0, read));
      this.length += read;
    }
    if (this.length === this.object.size && this.#hash.copy().digest('hex') !== this.object.sha256) {
      fs.ftruncateSync(fd, 0);
      this.#hash = createHash('sha256');
      this.length = 0;
    }
    return this.length;
  }

  add(bytes: Buffer): void {
    if (this.#fd === null) throw new Error('not open');
    this.#hash.update(bytes);
    writeAt(this.#fd, bytes, this.length);
    this.length += bytes.length;
  }

  /** False if these are not the bytes of the object. Then none of them is kept. */
  async finish(): Promise<boolean> {
    if (this.#fd === null) throw new Error('not open');
    if (this.#hash.digest('hex') !== this.object.sha256) {
      fs.ftruncateSync(this.#fd, 0);
      return false;
    }
    await fsyncMeanwhile(this.#fd);
    return true;
  }

  close(): void {
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
  }
}

/** Writes all of it at this position. */
export function writeAt(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
}

/** Removes what an earlier run cannot have left there. */
function keepOnly(folder: string, files: readonly CopyFile[]): void {
  const names = new Set(files.map(({ name }) => name));
  for (const below of ['', 'checksums']) {
    for (const name of fs.readdirSync(path.join(folder, below))) {
      const relative = below === '' ? name : `${below}/${name}`;
      const native = path.join(folder, below, name);
      const stat = lstatOrNull(native);
      const known = names.has(relative) ? stat?.isFile() === true : relative === 'checksums' && stat?.isDirectory();
      if (known !== true) removeTree(native);
    }
  }
}

function wrongObject({ name }: CopyFile, file: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${escapeName(name)} of this copy is not what the copy says`, {
    hint: 'Use another copy, and push this backup again from where it is whole.',
    path: file,
  });
}

/** Fetches one small file and checks it. */
export async function fetchSmall(files: readonly CopyFile[], name: string, file: string): Promise<void> {
  const object = files.find((one) => one.name === name);
  if (object === undefined) throw new Error(`a copy has ${name}`);
  const bytes = await readRange(object, 0, object.size);
  if (createHash('sha256').update(bytes).digest('hex') !== object.sha256) throw wrongObject(object, file);
  const fd = fs.openSync(file, 'wx', 0o600);
  try {
    writeAll(fd, bytes);
  } finally {
    fs.closeSync(fd);
  }
}
