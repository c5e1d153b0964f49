import fs from 'node:fs';
import path from 'node:path';
import { forgetAbsentRanges, setAbsentRanges, type AbsentRanges } from '../../format/absent-ranges.ts';
import { ARTIFACTS_FILE, INDEX_FILE, MANIFEST_FILE } from '../../format/layout.ts';
import { readManifest } from '../../format/manifest-file.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Manifest } from '../../model/manifest.ts';
import { escapeName } from '../../paths/names.ts';
import { unpackManifest } from './commit.ts';
import type { CopyContents, CopyFile } from './copy-contents.ts';
import { fetchSmall, readRange, writeAt } from './fetch-copy.ts';
import type { Copy } from './list-copies.ts';

/** How much is fetched ahead, at most, where a reader goes on where it stopped. */
const MOST_AHEAD = 8 << 20;
const BLOCK = 64 << 10;

/**
 * Lays out a copy as the folder of a backup: the index is fetched, the manifest and the list of artifacts are written from the commit, and everything else has its
 * size and is fetched where a reader reads it. Returns a function that forgets these files.
 * @param folder must not exist
 */
export async function openPartly(copy: Copy, { list, files }: CopyContents, folder: string): Promise<() => void> {
  fs.mkdirSync(path.join(folder, 'checksums'), { recursive: true, mode: 0o700 });
  const at = (name: string): string => path.join(folder, ...name.split('/'));
  // The commit repeats the manifest unless it is large or the copy is encrypted.
  const manifest = copy.manifest === null ? null : unpackManifest(copy.manifest);
  const fetched = manifest === null ? [MANIFEST_FILE, INDEX_FILE] : [INDEX_FILE];
  if (manifest !== null) fs.writeFileSync(at(MANIFEST_FILE), manifest, { mode: 0o600, flag: 'wx' });
  const registered: string[] = [];
  fs.writeFileSync(at(ARTIFACTS_FILE), list, { mode: 0o600, flag: 'wx' });
  await Promise.all(fetched.map((name) => fetchSmall(files, name, at(name))));
  requireOwnManifest(copy, readManifest(folder));
  for (const one of files) {
    if ([MANIFEST_FILE, INDEX_FILE, ARTIFACTS_FILE].includes(one.name)) continue;
    const file = at(one.name);
    setAbsentRanges(file, new FetchedRanges(one, file));
    registered.push(file);
  }
  return () => registered.forEach(forgetAbsentRanges);
}

/** A commit that lies about its id would show one backup as another. */
function requireOwnManifest({ id, place }: Copy, { backupId }: Manifest): void {
  if (backupId === id) return;
  throw new BackupError('BACKUP_DAMAGED', `the copy ${escapeName(place)} has the manifest of ${escapeName(backupId)}`, {
    hint: 'Find out who wrote it, and use another copy.',
    path: place,
  });
}

/** A file with holes, filled from the copy. */
class FetchedRanges implements AbsentRanges {
  readonly #from: CopyFile;
  readonly #file: string;
  readonly #size: number;
  /** What is there, in blocks. */
  readonly #has: Uint8Array;
  #last: Promise<void> = Promise.resolve();
  #end = -1;
  #ahead = 0;

  constructor(from: CopyFile, file: string) {
    const { size } = from;
    this.#from = from;
    this.#file = file;
    this.#size = size;
    this.#has = new Uint8Array(Math.ceil(size / BLOCK));
    const fd = fs.openSync(file, 'wx', 0o600);
    fs.ftruncateSync(fd, size);
    fs.closeSync(fd);
  }

  need(from: number, to: number): Promise<void> {
    // One after another: a range that is being fetched is not asked for twice.
    const next = this.#last.then(() => this.#fill(from, Math.min(to, this.#size)));
    this.#last = next.catch(() => {});
    return next;
  }

  has(from: number, to: number): boolean {
    const end = Math.ceil(Math.min(to, this.#size) / BLOCK);
    for (let block = Math.floor(from / BLOCK); block < end; block++) if (this.#has[block] !== 1) return false;
    return true;
  }

  async #fill(from: number, to: number): Promise<void> {
    let block = Math.floor(from / BLOCK);
    const last = Math.ceil(to / BLOCK);
    while (block < last && this.#has[block] === 1) block++;
    if (block >= last) return;
    const start = block * BLOCK;
    this.#ahead = start === this.#end ? Math.min(MOST_AHEAD, Math.max(BLOCK, this.#ahead * 2)) : 0;
    let end = last + this.#ahead / BLOCK;
    // What is there already is not fetched again at the end.
    while (end > last && this.#has[end - 1] === 1) end--;
    const stop = Math.min(this.#size, end * BLOCK);
    for (let at = start; at < stop; at += MOST_AHEAD) {
      const until = Math.min(stop, at + MOST_AHEAD);
      const bytes = await readRange(this.#from, at, until);
      const fd = fs.openSync(this.#file, 'r+');
      try {
        writeAt(fd, bytes, at);
      } finally {
        fs.closeSync(fd);
      }
      this.#has.fill(1, at / BLOCK, Math.ceil(until / BLOCK));
    }
    this.#end = stop;
  }
}
