import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../../../fs/durable.ts';
import { isNoFile } from '../../../fs/regular-file.ts';
import { errnoOf } from '../../../model/backup-error.ts';
import { damaged } from '../../damage.ts';
import { readFully } from '../../database-files.ts';
import {
  JOURNAL_HEADER_SIZE,
  readJournalHeader,
  readSuperJournal,
  SUPER_TAIL_SIZE,
  type SuperJournal,
} from '../format/rollback-journal.ts';
import { readWalHeader, WAL_HEADER_SIZE, type WalHeader } from '../format/wal.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** A part of a database that is held open for reading. */
export interface Part {
  readonly fd: number;
  readonly stat: fs.BigIntStats;
}

/** A journal or log, with a text that stays the same while the writer stays in the same transaction or generation. */
interface Look {
  readonly part: Part | null;
  readonly state: string;
}

export interface JournalLook extends Look {
  /** Whether a transaction of this journal is in progress or was interrupted: it is neither committed nor rolled back. */
  readonly isOpen: boolean;
  readonly superJournal: SuperJournal | null;
}

export interface WalLook extends Look {
  /** Null if SQLite treats the log as empty. */
  readonly header: WalHeader | null;
}

/** The files of one database, opened read-only and never through a link. All are closed together. */
export class Parts {
  readonly #place: string;
  readonly #open = new Set<number>();

  constructor(place: string) {
    this.#place = place;
  }

  name(part: string): string {
    return path.basename(this.#place) + part;
  }

  /** Null if the part is missing; the database file itself must exist. @throws BackupError DATABASE_DAMAGED if it is not a regular file */
  open(part: ''): Part;
  open(part: string): Part | null;
  open(part: string): Part | null {
    let fd: number;
    try {
      fd = fs.openSync(this.#place + part, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
    } catch (error) {
      if (part !== '' && errnoOf(error) === 'ENOENT') return null;
      if (part !== '' && isNoFile(error)) throw damaged(this.name(part), 'it is not a regular file', undefined, error);
      throw error;
    }
    this.#open.add(fd);
    const stat = fs.fstatSync(fd, { bigint: true });
    if (!stat.isFile()) throw damaged(this.name(part), 'it is not a regular file');
    return { fd, stat };
  }

  /** Whether the name still leads to the file that is held open. */
  isInPlace(part: string, { stat }: Part): boolean {
    const now = lstatOrNull(this.#place + part);
    return now !== null && now.dev === stat.dev && now.ino === stat.ino;
  }

  /** The folder, whose times tell whether a file came or went in it. */
  folder(): fs.BigIntStats {
    return fs.statSync(path.dirname(this.#place), { bigint: true });
  }

  /** @param withSuper whether a super-journal counts */
  lookAtJournal(withSuper = true): JournalLook {
    const part = this.open('-journal');
    const header = part === null ? null : readJournalHeader(readFully(part.fd, 0, JOURNAL_HEADER_SIZE));
    if (part === null || header === null) return { part, state: 'none', isOpen: false, superJournal: null };
    const superJournal = withSuper ? readSuperJournal(tailOf(part)) : null;
    // The removal of the super-journal is the commit.
    if (superJournal !== null && !isThere(superJournal.name))
      return { part, state: 'none', isOpen: false, superJournal };
    return { part, state: `${part.stat.ino}:${header.id}`, isOpen: true, superJournal };
  }

  lookAtWal(): WalLook {
    const part = this.open('-wal');
    if (part === null || part.stat.size === 0n) return { part, state: 'none', header: null };
    const bytes = readFully(part.fd, 0, WAL_HEADER_SIZE);
    const header = readWalHeader(bytes, this.name('-wal'));
    return { part, state: walState(part, bytes, header), header };
  }

  close(part: Part | null): void {
    if (part !== null && this.#open.delete(part.fd)) fs.closeSync(part.fd);
  }

  closeAll(): void {
    for (const fd of this.#open) fs.closeSync(fd);
    this.#open.clear();
  }
}

/**
 * A text that changes as soon as the log starts over or another file takes its name. For a log that SQLite treats as empty it also changes when the
 * log grows.
 */
export function walState({ stat }: Part, bytes: Buffer, header: WalHeader | null): string {
  return `${stat.ino}:${header === null ? stat.size : ''}:${bytes.toString('hex')}`;
}

/** As SQLite decides it (src/os_unix.c, unixAccess): an empty file counts as missing. */
function isThere(file: Buffer): boolean {
  try {
    const stat = fs.statSync(file);
    return !stat.isFile() || stat.size > 0;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

function tailOf({ fd }: Part): Buffer {
  const { size } = fs.fstatSync(fd);
  const length = Math.min(size, SUPER_TAIL_SIZE);
  return readFully(fd, size - length, length);
}
