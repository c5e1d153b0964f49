import fs from 'node:fs';
import path from 'node:path';
import { utimesTime } from '../fs/clock.ts';
import { flushMeanwhile, fsyncDir } from '../fs/durable.ts';
import { InFlight } from '../concurrency/in-flight.ts';
import { escapeName } from '../paths/names.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { ScannedEntry } from '../model/entry.ts';
import { NewFile, type Retainable } from './new-file.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0);

/** Metadata comes from a backup, so only permission bits are ever applied. */
const PERMISSIONS = 0o777;

/** A file of this size is sent to the disk as soon as it is written. */
const FLUSH_BYTES = 8 << 20;
const FLUSHING_AT_ONCE = 2;

/** Makes durable whatever was written below a folder, and rejects if it cannot. */
export type SyncAll = () => Promise<void>;

/**
 * Writes entries to places that do not exist yet, durably: each file is made exclusively, written, given mode and mtime, synced. Folders are made
 * writable. They get their mode and mtime in `finish`, deepest first, when nothing more is put into them. Never follows a link. With `syncAll`, files
 * are not synced one by one: it is called once, at the end of `finish`, and until then nothing is durable.
 */
export class TreeWriter {
  readonly #folders: { readonly native: string; readonly entry: ScannedEntry }[] = [];
  readonly #parents = new Set<string>();
  readonly #syncAll: SyncAll | null;
  readonly #owner: boolean;
  #file: NewFile | null = null;
  /** Big files that are being synced. Each is closed afterwards. */
  readonly #flushing = new InFlight(FLUSHING_AT_ONCE);
  #native = '';

  /**
   * @param base the folder that everything is written into; it is made if it is missing
   * @param owner give everything the owner and group of its entry, which only root may do
   */
  constructor(base: string, syncAll: SyncAll | null = null, owner = false) {
    fs.mkdirSync(base, { recursive: true });
    this.#parents.add(base);
    this.#syncAll = syncAll;
    this.#owner = owner;
  }

  /** Makes the folders between the base and `native` that are missing. Throws UNSAFE_ARCHIVE if one of them is a link or file. */
  ensureParent(native: string): void {
    const parent = path.dirname(native);
    if (this.#parents.has(parent) || parent === native) return;
    this.ensureParent(parent);
    makeFolder(parent);
    this.#parents.add(parent);
  }

  folder(native: string, entry: ScannedEntry): void {
    this.ensureParent(native);
    if (!this.#parents.has(native)) makeFolder(native, 0o700);
    this.#parents.add(native);
    this.#folders.push({ native, entry });
  }

  link(native: string, entry: ScannedEntry): void {
    this.ensureParent(native);
    made(native, () => fs.symlinkSync(entry.target ?? '', native));
    if (this.#owner) fs.lchownSync(native, entry.uid, entry.gid);
    const time = utimesTime(entry.mtimeNs);
    fs.lutimesSync(native, time, time);
  }

  beginFile(native: string): void {
    this.ensureParent(native);
    this.#file = new NewFile(made(native, () => fs.openSync(native, NEW_FILE, 0o600)));
    this.#native = native;
  }

  /** Adds to the file that was begun. As `NewFile.write`. */
  write(chunk: Uint8Array, memory?: Retainable): void | Promise<void> {
    return this.#file?.write(chunk, memory);
  }

  async endFile(entry: ScannedEntry): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    await file.written();
    const { fd } = file;
    const time = utimesTime(entry.mtimeNs);
    if (this.#owner) fs.fchownSync(fd, entry.uid, entry.gid);
    fs.fchmodSync(fd, entry.mode & PERMISSIONS);
    fs.futimesSync(fd, time, time);
    if (this.#syncAll === null) fs.fsyncSync(fd);
    this.#file = null;
    if (this.#syncAll === null || entry.size < FLUSH_BYTES) {
      fs.closeSync(fd);
      return;
    }
    // This leaves little to do for the one sync at the end.
    await this.#flushing.add(flushMeanwhile(fd).finally(() => fs.closeSync(fd)));
  }

  /** Closes and removes a file whose content turned out to be damaged. */
  async dropFile(): Promise<void> {
    if (this.#file === null) return;
    await this.#closeFile();
    fs.rmSync(this.#native, { force: true });
  }

  /** Gives every folder its mode and mtime, deepest first, and syncs all folders that were written into. Then everything is durable. */
  async finish(): Promise<void> {
    const deepestFirst = this.#folders.toSorted((a, b) => b.native.length - a.native.length);
    for (const { native, entry } of deepestFirst) {
      const time = utimesTime(entry.mtimeNs);
      if (this.#owner) fs.lchownSync(native, entry.uid, entry.gid);
      fs.utimesSync(native, time, time);
      fs.chmodSync(native, entry.mode & PERMISSIONS);
      // This comes last: in the other order, a power cut lost a folder's mode on btrfs.
      if (this.#syncAll === null) fsyncDir(native);
    }
    if (this.#syncAll !== null) {
      await this.#flushing.done();
      await this.#syncAll();
      return;
    }
    const own = new Set(this.#folders.map(({ native }) => native));
    for (const parent of this.#parents) if (!own.has(parent)) fsyncDir(parent);
  }

  /** After an error, closes what is open once no write is in progress. */
  async abort(): Promise<void> {
    await this.#flushing.settled();
    await this.#closeFile();
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    this.#file = null;
    await file.settled();
    fs.closeSync(file.fd);
  }
}

/** Makes a folder. Throws UNSAFE_ARCHIVE if the backup also has a link or file in that place. */
function makeFolder(native: string, mode?: number): void {
  made(native, () => fs.mkdirSync(native, mode));
}

/**
 * Everything is written to places that were empty, and each place once. So if something is there, it was made under another name that the file system
 * treats as the same, or the backup has two things in one place.
 */
function made<T>(native: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const listed = fs.readdirSync(path.dirname(native)).includes(path.basename(native));
    throw listed ? twoThings(native) : folded(native);
  }
}

function twoThings(native: string): BackupError {
  return new BackupError(
    'UNSAFE_ARCHIVE',
    `the backup has a link or file where it also has a folder: ${escapeName(native)}`,
    { hint: 'Nothing was changed. Restore one of the two with --only.', path: native },
  );
}

function folded(native: string): BackupError {
  return new BackupError(
    'UNSAFE_TARGET',
    `the file system of the target cannot tell two names apart: ${escapeName(native)}`,
    {
      hint: 'Nothing was changed. Restore on another file system, or one of the two with --only.',
      path: native,
    },
  );
}
