import fs from 'node:fs';
import path from 'node:path';
import { Pacer } from '../../../concurrency/pacer.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import { damaged } from '../../damage.ts';
import { copyPart, partSize, type DatabaseFiles } from '../../database-files.ts';
import type { ProveOptions } from '../../engine.ts';
import { requireRoom } from '../../scratch-room.ts';
import { DATABASE_FILE } from './page-file.ts';

const NAME = 'copy.db';
const JOURNAL = '-journal';
const LOG = '-wal';
const PARTS = ['', LOG, JOURNAL];
const CHUNK = 1024 * 1024;
/** Room for what SQLite makes beside the copy: the index of a log, and a journal of the changes that are rolled back. */
const BESIDE = 1024 * 1024;
const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex');

/**
 * Copies a database into the folder `scratch`, which must not exist, and returns the copy's path. SQLite recovers it when it opens it.
 * @throws BackupError NO_SPACE before anything is written, DATABASE_DAMAGED, INTERRUPTED
 */
export async function makeScratch(files: DatabaseFiles, { scratch, signal }: ProveOptions): Promise<string> {
  const names = new Set(files.names());
  if (!names.has('')) throw damaged(DATABASE_FILE, 'it is missing');
  const parts = PARTS.filter((part) => names.has(part));
  requireRoom(roomFor(files, parts), scratch);
  fs.mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const file = path.join(scratch, NAME);
  const pacer = new Pacer();
  for (const part of parts)
    for (const _ of copyPart(files, part, file + part, CHUNK)) {
      throwIfInterrupted(signal);
      if (pacer.due()) await pacer.turn();
    }
  if (parts.includes(JOURNAL)) forgetSuperJournal(file + JOURNAL);
  return file;
}

/** How many bytes SQLite may need in the scratch folder. A log is copied into the database, which may grow by the size of the log. */
function roomFor(files: DatabaseFiles, parts: readonly string[]): number {
  const sizes = parts.map((part) => partSize(files, part) * (part === LOG ? 2 : 1));
  return sizes.reduce((sum, size) => sum + size, BESIDE);
}

/**
 * A journal may name a file anywhere on the disk. By that file SQLite decides whether several databases were changed as one, and it removes the file
 * after a rollback. A backup must not make us look at or remove anything outside of the scratch folder. So the magic number after the name is erased,
 * and SQLite does not read the name.
 */
function forgetSuperJournal(journal: string): void {
  const fd = fs.openSync(journal, 'r+');
  try {
    const at = fs.fstatSync(fd).size - JOURNAL_MAGIC.length;
    const tail = Buffer.alloc(JOURNAL_MAGIC.length);
    // At the start of the file it is the journal's own magic number.
    if (at <= 0 || fs.readSync(fd, tail, 0, tail.length, at) !== tail.length || !tail.equals(JOURNAL_MAGIC)) return;
    fs.writeSync(fd, Buffer.alloc(tail.length), 0, tail.length, at);
  } finally {
    fs.closeSync(fd);
  }
}
