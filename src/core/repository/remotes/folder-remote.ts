import { createHash, hash as oneShotHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fsyncDir, fsyncMeanwhile, lstatOrNull, mkdirDurable, writeAll } from '../../fs/durable.ts';
import { isNoFile, openRegular, readRegular } from '../../fs/regular-file.ts';
import { addName } from '../../fs/second-name.ts';
import { removeDeadTemporaries, temporaryBeside } from '../../fs/temporary-file.ts';
import { hashFile } from '../../fs/hash-file.ts';
import { BackupError, errnoOf, throwIfInterrupted } from '../../model/backup-error.ts';
import { assertRealParents, realPathAsFar, toNative } from '../../paths/paths.ts';
import { escapeName } from '../../paths/names.ts';
import { failed, gone, notAFile } from './folder-errors.ts';
import { CHECKS_PREFIX, REMOTE_FILE } from './layout.ts';
import {
  alteredHere,
  readAll,
  type Head,
  type LocalFile,
  type ObjectRef,
  type Remote,
  type RemoteContext,
  type SendOptions,
  type SentObject,
  type TriedPromise,
  type Unfinished,
  type Version,
} from './remote.ts';

const CHUNK = 1 << 20;
const MAX_REMOTE_FILE_BYTES = 1 << 16;
/** A name that temporaryBeside gives. */
const TEMPORARY = /\.\d+-[0-9a-f]{12}\.tmp$/;

/** A folder as a remote: a mounted disk or share. Links in it are never followed. It has no versions, no locks and no stored checksums. */
export class FolderRemote implements Remote {
  readonly kind = 'folder';
  readonly name: string;
  readonly place: string;
  readonly key: string;
  readonly #base: string;
  readonly #context: RemoteContext;

  private constructor(name: string, place: string, base: string, context: RemoteContext) {
    this.name = name;
    this.place = place;
    this.key = place;
    this.#base = base;
    this.#context = context;
  }

  /** Throws NO_SUCH_REMOTE if the file that `remote init` writes is not there: a disk that is not mounted is not an empty remote. */
  static open(name: string, place: string, folder: string, context: RemoteContext): FolderRemote {
    const base = realPathAsFar(folder);
    try {
      const { format }: { format?: unknown } = JSON.parse(
        readRegular(path.join(base, REMOTE_FILE), MAX_REMOTE_FILE_BYTES).toString('utf8'),
      );
      if (format === 1) return new FolderRemote(name, place, base, context);
    } catch (error) {
      if (!isNoFile(error) && !(error instanceof SyntaxError)) throw failed(error, base, 'cannot be read');
    }
    throw new BackupError('NO_SUCH_REMOTE', `${escapeName(base)} is not a remote: it has no ${REMOTE_FILE} of ours`, {
      hint: `Mount its disk. If the remote is new, run: migbackup remote init ${name}`,
      path: base,
    });
  }

  /** Makes a folder a remote, or leaves it as it is if it is one. */
  static init(folder: string): 'made' | 'was one' {
    const base = realPathAsFar(folder);
    const file = path.join(base, REMOTE_FILE);
    if (lstatOrNull(file) !== null) return 'was one';
    try {
      mkdirDurable(base, 0o700);
      const bytes = Buffer.from(`${JSON.stringify({ format: 1, madeAt: new Date().toISOString() })}\n`);
      placeNew(file, bytes);
    } catch (error) {
      throw failed(error, base, 'cannot be written');
    }
    return 'made';
  }

  now(): Date {
    return new Date();
  }

  async head(key: string): Promise<Head | null> {
    const file = this.#at(key);
    const stat = lstatOrNull(file);
    if (stat === null) return null;
    if (!stat.isFile()) throw notAFile(file);
    return { size: Number(stat.size), versionId: null, etag: null, checksum: null, lock: null };
  }

  async send(key: string, local: LocalFile, { onBytes }: SendOptions): Promise<SentObject> {
    const file = this.#at(key);
    const sent = { partSize: null, checksum: null, etag: null, versionId: null };
    try {
      const there = lstatOrNull(file);
      if (there?.isFile() === true && Number(there.size) === local.size && hashFile(file) === local.sha256) {
        onBytes(local.size);
        return sent;
      }
      mkdirDurable(path.dirname(file), 0o700);
      removeDeadTemporaries(path.dirname(file), path.basename(file));
      await this.#copy(local, file, onBytes);
    } catch (error) {
      throw failed(error, file, 'cannot be written');
    }
    return sent;
  }

  async #copy(local: LocalFile, file: string, onBytes: (bytes: number) => void): Promise<void> {
    const temporary = temporaryBeside(file);
    const from = local.open();
    let to: number | undefined;
    try {
      to = fs.openSync(temporary, 'wx', 0o600);
      const hash = createHash('sha256');
      const block = Buffer.allocUnsafeSlow(CHUNK);
      for (let at = 0, read = from.read(block, at); read > 0; read = from.read(block, at)) {
        throwIfInterrupted(this.#context.signal);
        hash.update(block.subarray(0, read));
        writeAll(to, block.subarray(0, read));
        at += read;
        onBytes(read);
        // Progress and signals need a turn.
        await new Promise(setImmediate);
      }
      if (hash.digest('hex') !== local.sha256) throw alteredHere(local);
      await fsyncMeanwhile(to);
      fs.closeSync(to);
      to = undefined;
      fs.renameSync(temporary, file);
      fsyncDir(path.dirname(file));
    } finally {
      from.close();
      if (to !== undefined) fs.closeSync(to);
      fs.rmSync(temporary, { force: true });
    }
  }

  async putNew(key: string, bytes: Buffer): Promise<'written' | 'there'> {
    const file = this.#at(key);
    try {
      mkdirDurable(path.dirname(file), 0o700);
      removeDeadTemporaries(path.dirname(file), path.basename(file));
      return placeNew(file, bytes);
    } catch (error) {
      throw failed(error, file, 'cannot be written');
    }
  }

  async *read({ key, size }: ObjectRef, from: number, to: number): AsyncGenerator<Buffer> {
    const file = this.#at(key);
    let fd: number;
    try {
      fd = openRegular(file);
    } catch (error) {
      throw failed(error, file, 'cannot be read');
    }
    try {
      if (fs.fstatSync(fd).size !== size) throw gone(file, 'has another size than its commit says');
      for (let at = from; at < to;) {
        throwIfInterrupted(this.#context.signal);
        const block = Buffer.allocUnsafe(Math.min(CHUNK, to - at));
        const read = fs.readSync(fd, block, 0, block.length, at);
        if (read === 0) throw gone(file, 'became shorter while it was read');
        at += read;
        yield block.subarray(0, read);
      }
    } finally {
      fs.closeSync(fd);
    }
  }

  async *versions(prefix: string): AsyncGenerator<Version> {
    const cut = prefix.lastIndexOf('/') + 1;
    for await (const version of this.#walk(prefix.slice(0, cut), prefix))
      if (!TEMPORARY.test(version.key)) yield version;
  }

  async *#walk(folder: string, prefix: string): AsyncGenerator<Version> {
    const native = this.#at(`${folder}x`).slice(0, -1);
    let names: fs.Dirent[];
    try {
      names = fs.readdirSync(native, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return;
      throw failed(error, native, 'cannot be read');
    }
    for (const entry of names) {
      const key = `${folder}${entry.name}`;
      if (entry.isDirectory()) {
        if (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)) yield* this.#walk(`${key}/`, prefix);
        continue;
      }
      if (!entry.isFile() || !key.startsWith(prefix)) continue;
      const stat = lstatOrNull(path.join(native, entry.name));
      if (stat === null) continue;
      const about = { versionId: null, etag: null, isMarker: false };
      yield { key, size: Number(stat.size), modifiedAt: new Date(Number(stat.mtimeMs)), ...about };
    }
  }

  async remove({ key }: { key: string }): Promise<'removed'> {
    const file = this.#at(key);
    try {
      fs.rmSync(file, { force: true });
      fsyncDir(path.dirname(file));
      // Empty folders say nothing, and the next push makes them again.
      for (let folder = path.dirname(file); folder !== this.#base; folder = path.dirname(folder)) fs.rmdirSync(folder);
    } catch (error) {
      const code = errnoOf(error) ?? '';
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(code)) throw failed(error, file, 'cannot be removed');
    }
    return 'removed';
  }

  lock(): Promise<never> {
    throw new Error('a lock in a folder is refused when its remote is chosen');
  }

  /** What a killed push left has a temporary name. The next push of the same file removes it, too. */
  async *unfinished(prefix: string): AsyncGenerator<Unfinished> {
    for await (const { key, modifiedAt } of this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix))
      if (TEMPORARY.test(key)) yield { key: key.replace(TEMPORARY, ''), uploadId: key, begunAt: modifiedAt };
  }

  async abort({ uploadId }: Unfinished): Promise<void> {
    await this.remove({ key: uploadId });
  }

  async tryPromises(): Promise<TriedPromise[]> {
    const key = `${CHECKS_PREFIX}${randomBytes(8).toString('hex')}`;
    const first = await this.putNew(key, Buffer.from('first'));
    const second = await this.putNew(key, Buffer.from('second'));
    const kept = (await readAll(this, { key, size: 'first'.length, versionId: null, etag: null })).toString();
    await this.remove({ key });
    const isExclusive = first === 'written' && second === 'there' && kept === 'first';
    return [
      {
        promise: 'exclusive-writes',
        held: isExclusive ? 'yes' : 'no',
        evidence: isExclusive ? 'a second file did not replace the first' : 'a second file replaced the first',
      },
      { promise: 'checksums', held: 'no', evidence: 'a folder stores none, so verify reads everything' },
      { promise: 'versions', held: 'no', evidence: 'a folder keeps no older versions of what is overwritten' },
      { promise: 'locks', held: 'no', evidence: 'a folder keeps no locks' },
    ];
  }

  close(): void {}

  /** The file of a key. Throws UNSAFE_TARGET if a folder above it is a link. */
  #at(key: string): string {
    assertRealParents(this.#base, key);
    return toNative(this.#base, key);
  }
}

/** Writes a file that must not replace another: by link(2), and by rename where there are no second names. */
function placeNew(file: string, bytes: Buffer): 'written' | 'there' {
  const temporary = temporaryBeside(file);
  try {
    const fd = fs.openSync(temporary, 'wx', 0o600);
    try {
      writeAll(fd, bytes);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    const added = addName(temporary, file);
    if (added === 'taken' || (added === 'none' && lstatOrNull(file) !== null)) return sameAs(file, bytes);
    if (added === 'none') fs.renameSync(temporary, file);
    fsyncDir(path.dirname(file));
    return 'written';
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** Also where a run was killed between the name and its sync. */
function sameAs(file: string, bytes: Buffer): 'there' {
  if (hashFile(file) === oneShotHash('sha256', bytes)) fsyncDir(path.dirname(file));
  return 'there';
}
