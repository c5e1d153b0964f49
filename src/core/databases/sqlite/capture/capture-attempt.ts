import fs from 'node:fs';
import { BackupError, errnoOf } from '../../../model/backup-error.ts';
import type { CapturedFile } from '../../captured-file.ts';
import { readFully } from '../../database-files.ts';
import { checkLength, checkVersion, HEADER_SIZE, readHeader } from '../format/header.ts';
import {
  JOURNAL_HEADER_SIZE,
  readJournalHeader,
  readSuperJournal,
  SUPER_TAIL_SIZE,
} from '../format/rollback-journal.ts';
import type { AttemptOptions } from './attempt-options.ts';
import { type CopiedLog, copyLog } from './copy-log.ts';
import { copyPart } from './copy-part.ts';
import { LogFollower } from './log-follower.ts';
import type { JournalLook, Part, Parts, WalLook } from './parts.ts';
import { Restart } from './restart.ts';
import type { Spool, Stamp } from './spool.ts';

/** One state of a database, copied into the spool. */
export interface Captured {
  readonly files: readonly CapturedFile[];
  readonly orphans: readonly string[];
  readonly doubts: readonly string[];
}

/** The state of the files when an attempt begins. */
interface Start {
  readonly stamp: Stamp;
  readonly folder: fs.BigIntStats;
  readonly database: Part;
  /** Its first 100 bytes. */
  readonly header: Buffer;
  /** Whether each later write would show in its times. */
  readonly settled: boolean;
  readonly journal: JournalLook;
  readonly wal: WalLook;
  /**
   * The size of the database file in bytes, taken once the transaction and the generation are known. What is written past that end later is either
   * undone from that journal or also in that log.
   */
  readonly size: number;
}

/** What is copied of a journal. */
interface CopiedJournal {
  /** In bytes; 0 if there is nothing to roll back from it. */
  readonly size: number;
  readonly hasSuper: boolean;
}

const YOUNG = 'it was written to a moment ago';
const SUPER_DOUBT =
  'A transaction over several databases was not finished: the capture holds this one alone, as it was before that transaction.';
const NO_LOG: CopiedLog = { size: 0, state: '' };
/** src/pager.c, pagerOpenWalIfPresent. */
const EMPTY_DOUBT =
  'The database file is empty and its log is not: SQLite deletes that log when it opens the database. So both are stored as they are, and the log cannot be proven.';

/**
 * One attempt at a capture. Why what it copies is one committed state, with all that was acknowledged before:
 *
 * A log has generations, each with its own salts in its header. A new generation begins only once all frames of the last are in the database file.
 * During a generation only checkpoints write that file, and only pages whose frames are committed in the log (src/wal.c, walRestartHdr,
 * walCheckpoint). So if the header of the log is the same before the database file is copied and after the log is, every page that was written
 * meanwhile, even a torn one, is in the copy of the log, and SQLite reads it from there when it opens the copy. If another generation began
 * meanwhile, the pages of the finished one are copied again (copy-log.ts), and the same argument holds for these copies and the current generation.
 *
 * A rollback journal holds the old content of each page before that page is written, and its header has a random number for each transaction
 * (src/pager.c, writeJournalHdr). It is removed, emptied or zeroed to commit. So if the same transaction is open before the database file is copied
 * and after its journal is, the copy rolls back to what was there before that transaction. This holds for a writer at work as well as for one that
 * was killed.
 *
 * If there is neither, the database file must not change: no journal before or after, and the same header, size and times.
 */
export class CaptureAttempt {
  readonly #parts: Parts;
  readonly #spool: Spool;
  readonly #options: AttemptOptions;

  constructor(parts: Parts, spool: Spool, options: AttemptOptions) {
    this.#parts = parts;
    this.#spool = spool;
    this.#options = options;
  }

  /** @throws Restart; BackupError DATABASE_DAMAGED, DATABASE_FOREIGN, NO_SPACE, INTERRUPTED; what the system says of a file that cannot be opened */
  async run(): Promise<Captured> {
    const { delay } = this.#options;
    const isEarly = this.#lacks('database-before-wal');
    const start = this.#begin();
    if (!start.settled && !start.journal.isOpen && start.wal.header === null) throw new Restart(YOUNG);
    delay('begun');
    const log = this.#follow(start);
    let logged = isEarly ? await this.#copyLog(start, null) : NO_LOG;
    if (!isEarly) await this.#copyDatabase(start, log);
    delay('copied');
    if (isEarly) await this.#copyDatabase(start, null);
    else logged = await this.#copyLog(start, log);
    const journal = await this.#copyJournal(start);
    delay('logged');
    this.#checkSame(start, logged.state);
    if (logged.size === 0 && !start.journal.isOpen) this.#checkStill(start);
    return this.#assemble(start, logged.size, journal);
  }

  #begin(): Start {
    const stamp = this.#spool.stamp();
    const folder = this.#parts.folder();
    const database = this.#openDatabase();
    this.#options.delay('opened');
    const header = readFully(database.fd, 0, HEADER_SIZE);
    checkVersion(header, this.#parts.name(''));
    const settled = this.#lacks('clock') || isSettled(database.stat, stamp);
    const found = this.#parts.lookAtJournal(!this.#lacks('super-journal'));
    const journal = this.#lacks('one-transaction') ? { ...found, state: 'none', isOpen: false } : found;
    const wal = this.#parts.lookAtWal();
    const { size } = fs.fstatSync(database.fd);
    this.#spool.makeRoom([journal.part, wal.part].reduce((sum, part) => sum + Number(part?.stat.size ?? 0n), size));
    return { stamp, folder, database, header, settled, journal, wal, size };
  }

  /** A log that is larger than the database file is not followed: it seldom starts over, and to read it twice takes longer than another attempt. */
  #follow({ wal: { part, header }, size }: Start): LogFollower | null {
    if (part === null || header === null || this.#lacks('one-generation')) return null;
    const log = new LogFollower(part, header, this.#parts.name('-wal'), size);
    log.follow();
    return log.isTooLong ? null : log;
  }

  async #copyDatabase(start: Start, log: LogFollower | null): Promise<void> {
    await copyPart(start.database.fd, start.size, this.#spool.copy(''), {
      ...this.#options,
      take: () => {
        if (log === null) this.#checkDoomed(start);
        else log.glance();
        return true;
      },
    });
  }

  async #copyLog(start: Start, log: LogFollower | null): Promise<CopiedLog> {
    const wal = this.#lacks('one-generation') ? this.#parts.lookAtWal() : start.wal;
    return copyLog(start.database.fd, wal, log, this.#spool, {
      ...this.#options,
      copiesAgain: !this.#lacks('changed-pages'),
    });
  }

  async #copyJournal({ journal: { part, isOpen } }: Start): Promise<CopiedJournal> {
    if (!isOpen || part === null) return { size: 0, hasSuper: false };
    const copy = this.#spool.copy('-journal');
    await copyPart(part.fd, fs.fstatSync(part.fd).size, copy, { ...this.#options, take: () => true });
    if (readJournalHeader(copy.read(0, JOURNAL_HEADER_SIZE))?.isHot !== true) return { size: 0, hasSuper: false };
    const tail = copy.read(Math.max(0, copy.size - SUPER_TAIL_SIZE), SUPER_TAIL_SIZE);
    const superJournal = this.#lacks('super-journal') ? null : readSuperJournal(tail);
    // The super-journal is not copied, and its absence would say that the transaction was committed.
    if (superJournal !== null) copy.cut(copy.size - superJournal.bytes);
    return { size: copy.size, hasSuper: superJournal !== null };
  }

  /** Called while a large file is copied, to stop early if the copy can no longer become one state. */
  #checkDoomed(start: Start): void {
    if (start.wal.header !== null) this.#checkWal(start.wal.state);
    else if (!start.journal.isOpen) this.#checkTimes(start);
    else if (this.#journalNow().state !== start.journal.state) throw new Restart('a transaction ended');
  }

  /** Checks that the database file, its journal and its log are still the same, with the same transaction and the generation that was copied. */
  #checkSame(start: Start, log: string): void {
    if (!this.#lacks('identity') && !this.#parts.isInPlace('', start.database))
      throw new Restart('another file took its name');
    if (!this.#lacks('one-transaction') && this.#journalNow().state !== start.journal.state)
      throw this.#written(start, 'a transaction began or ended');
    this.#checkWal(log);
  }

  #checkWal(state: string): void {
    if (this.#lacks('one-generation')) return;
    const now = this.#parts.lookAtWal();
    this.#parts.close(now.part);
    if (now.state !== state) throw new Restart('its log started over');
  }

  /** Checks that nobody wrote to the database file meanwhile. */
  #checkStill(start: Start): void {
    if (this.#lacks('stillness')) return;
    this.#checkTimes(start);
    const { fd, stat } = start.database;
    if (!readFully(fd, 0, HEADER_SIZE).equals(start.header)) throw this.#written(start, 'it was written to');
    if (!start.settled) throw new Restart(YOUNG);
    if (stat.size === 0n) return;
    const name = this.#parts.name('');
    try {
      checkLength(readHeader(start.header, name), Number(stat.size), name);
    } catch (error) {
      // A writer without a journal may be in the middle of a change, so only what lasts is damage.
      if (error instanceof BackupError && error.code === 'DATABASE_DAMAGED')
        throw new Restart(error.message, { lasting: error });
      throw error;
    }
  }

  #checkTimes(start: Start): void {
    if (this.#lacks('stillness')) return;
    const { fd, stat } = start.database;
    const now = fs.fstatSync(fd, { bigint: true });
    const isSame = now.size === stat.size && now.mtimeNs === stat.mtimeNs && now.ctimeNs === stat.ctimeNs;
    if (!isSame) throw this.#written(start, 'it was written to');
  }

  /**
   * A writer with a journal either makes and removes it, or leaves it there. So if the header, which counts the changes of the file, has changed, but
   * there is no journal and no file came or went in the folder, the writer had no journal.
   */
  #written(start: Start, why: string): Restart {
    const journal = this.#journalNow();
    const hasJournal = [start.journal.part, start.wal.part, journal.part].some((part) => part !== null);
    const isUnjournaled =
      !hasJournal &&
      !readFully(start.database.fd, 0, HEADER_SIZE).equals(start.header) &&
      isSettled(start.folder, start.stamp) &&
      this.#parts.folder().ctimeNs === start.folder.ctimeNs;
    return new Restart(why, { isUnjournaled });
  }

  #journalNow(): JournalLook {
    const now = this.#parts.lookAtJournal(!this.#lacks('super-journal'));
    this.#parts.close(now.part);
    return now;
  }

  #assemble({ database, journal, wal, size }: Start, logged: number, copied: CopiedJournal): Captured {
    const isEmpty = size === 0;
    const parts: [string, Part | null, boolean][] = [
      ['', database, true],
      ['-journal', journal.part, copied.size > 0 && !isEmpty],
      ['-wal', wal.part, logged > 0],
    ];
    const files = parts.flatMap(([part, held, isTaken]) =>
      held !== null && isTaken ? [this.#spool.copy(part).file(part, fs.fstatSync(held.fd, { bigint: true }))] : [],
    );
    const orphans = [...(isLeftOver(journal) ? ['-journal'] : []), ...(isIgnored(wal) ? ['-wal'] : [])];
    const doubts = [...(copied.hasSuper ? [SUPER_DOUBT] : []), ...(isEmpty && logged > 0 ? [EMPTY_DOUBT] : [])];
    return { files, orphans, doubts };
  }

  #openDatabase(): Part {
    try {
      return this.#parts.open('');
    } catch (error) {
      // Another file may be about to replace it.
      if (errnoOf(error) === 'ENOENT') throw new Restart('it is gone', { lasting: error });
      throw error;
    }
  }

  #lacks(safeguard: Parameters<AttemptOptions['sabotage']['has']>[0]): boolean {
    return this.#options.sabotage.has(safeguard);
  }
}

/**
 * Whether it is a journal that no commit has zeroed but from which nothing is rolled back: its transaction over several databases is committed, or it
 * is not a journal.
 */
function isLeftOver({ part, isOpen }: JournalLook): boolean {
  return !isOpen && part !== null && (readFully(part.fd, 0, 1)[0] ?? 0) !== 0;
}

function isIgnored({ part, header }: WalLook): boolean {
  return part !== null && part.stat.size > 0n && header === null;
}

/** The longest tick of a kernel's clock for files, and the unit that file systems without fractions of a second round to. */
const TICK_NS = 20_000_000n;
const COARSE_NS = 2_000_000_000n;

/**
 * Whether any change from now on would get a different time than the last change, so that equal times prove that there was no change.
 * @param stamp of a file that was changed just now
 */
function isSettled({ dev, ctimeNs }: Stamp, stamp: Stamp): boolean {
  const isCoarse = ctimeNs % 1_000_000_000n === 0n;
  const margin = isCoarse ? COARSE_NS : stamp.dev === dev ? 0n : TICK_NS;
  // A time in the future, because the clock was set back since, is just as good.
  return ctimeNs + margin < stamp.ctimeNs || ctimeNs > stamp.ctimeNs + COARSE_NS * 30n;
}
