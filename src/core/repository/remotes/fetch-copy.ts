import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { atOnce } from '../../concurrency/at-once.ts';
import { collectNewGarbage } from '../../format/buffer-memory.ts';
import { fsyncDir, fsyncMeanwhile, lstatOrNull, mkdirDurable, removeTree, writeAll } from '../../fs/durable.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { CopyObject } from '../../model/copy-commit.ts';
import type { Context } from '../../model/event.ts';
import { escapeName } from '../../paths/names.ts';
import { artifactsOf, signatureOf } from './commit.ts';
import { objectKey } from './layout.ts';
import type { Copy } from './list-copies.ts';
import type { ObjectRef, Remote } from './remote.ts';

const AT_ONCE = 4;
const BLOCK_BYTES = 1 << 20;
/** What comes leaves more than its size as garbage. */
const COLLECT_BYTES = 8 << 20;

export interface FetchHow {
  /** Told how many files and bytes are here, each time that more are. */
  readonly onProgress?: ((files: number, bytes: number) => void) | undefined;
}

/** The object of a copy, by its version and ETag. */
export function refOf({ id, tag }: Copy, object: CopyObject): ObjectRef {
  const { size, versionId, etag } = object;
  return { key: objectKey(id, tag, object), size, versionId, etag };
}

/**
 * Fetches every file of a backup into a folder of its own, several at once, each in one request, and hashes it while it is written. What an earlier run has
 * written there is kept as far as its bytes are right. On return everything is durable. Throws BACKUP_DAMAGED if an object is not what its commit says.
 */
export async function fetchWhole(remote: Remote, copy: Copy, folder: string, how: FetchHow): Promise<void> {
  mkdirDurable(path.join(folder, 'checksums'), 0o700);
  keepOnly(folder, copy);
  const done = { files: 0, bytes: 0 };
  let sinceCollected = 0;
  const fetch = async (object: CopyObject): Promise<void> => {
    const file = new FetchedFile(folder, object);
    try {
      const had = file.resume();
      done.bytes += had;
      for await (const chunk of remote.read(refOf(copy, object), file.length, object.size)) {
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
  await atOnce(AT_ONCE, artifactsOf(copy.statement), fetch);
  fsyncDir(path.join(folder, 'checksums'));
  fsyncDir(folder);
}

/** Exactly these bytes of an object. */
export async function readRange(remote: Remote, ref: ObjectRef, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(to - from);
  let done = 0;
  for await (const chunk of remote.read(ref, from, to)) done += chunk.copy(bytes, done);
  return bytes;
}

/** A file that is being fetched: always the beginning of the object. */
class FetchedFile {
  readonly object: CopyObject;
  length = 0;
  readonly #file: string;
  #hash: Hash = createHash('sha256');
  #fd: number | null = null;

  constructor(folder: string, object: CopyObject) {
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
function keepOnly(folder: string, { statement }: Copy): void {
  const names = new Set(artifactsOf(statement).map(({ name }) => name));
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

function wrongObject({ name }: CopyObject, file: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${escapeName(name)} of this copy is not what its commit says`, {
    hint: 'Use another copy, and push this backup again from where it is whole.',
    path: file,
  });
}

/** Fetches one small object and checks it. */
export async function fetchSmall(remote: Remote, copy: Copy, name: string, file: string): Promise<void> {
  const object = copy.statement.objects.find((one) => one.name === name);
  if (object === undefined) throw new Error(`a commit names ${name}`);
  const bytes = await readChecked(remote, copy, object);
  const fd = fs.openSync(file, 'wx', 0o600);
  try {
    writeAll(fd, bytes);
  } finally {
    fs.closeSync(fd);
  }
}

/** The signature of a copy; null if it was pushed without one, or it is damaged: the copy is unsigned then, and a note says so. */
export async function fetchSignature(remote: Remote, copy: Copy, { onEvent }: Context): Promise<Buffer | null> {
  const object = signatureOf(copy.statement);
  if (object === undefined) return null;
  try {
    return await readChecked(remote, copy, object);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'BACKUP_DAMAGED') throw error;
    onEvent?.({ type: 'note', message: `${copy.id} counts as unsigned: ${error.message}` });
    return null;
  }
}

async function readChecked(remote: Remote, copy: Copy, object: CopyObject): Promise<Buffer> {
  const bytes = await readRange(remote, refOf(copy, object), 0, object.size);
  if (createHash('sha256').update(bytes).digest('hex') !== object.sha256) throw wrongObject(object, copy.place);
  return bytes;
}
