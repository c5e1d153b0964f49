import type fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackupError, throwIfInterrupted } from '../../../model/backup-error.ts';
import { busy, damaged } from '../../damage.ts';
import { readFully } from '../../database-files.ts';
import type { Capture, CaptureOptions } from '../../engine.ts';
import { HEADER_SIZE, readHeader } from '../format/header.ts';
import type { AttemptOptions, Safeguard } from './attempt-options.ts';
import { CaptureAttempt, type Captured } from './capture-attempt.ts';
import { Parts } from './parts.ts';
import { Restart } from './restart.ts';
import { Spool } from './spool.ts';
import { nodeSqlite } from '../node-sqlite.ts';

export type { Safeguard } from './attempt-options.ts';

interface Patience {
  readonly rollback: number;
  readonly wal: number;
  /** How long SQLite waits for its lock. */
  readonly lock: number;
}

export interface SqliteCaptureOptions extends CaptureOptions {
  /** How long to try reading a database that keeps changing, before SQLite is asked for a copy or the capture fails. */
  readonly patienceMs?: Patience;
  /** Called between the steps, so that a test can stretch them. */
  readonly delay?: (step: string) => void;
  /** Tests only: safeguards to leave out. */
  readonly sabotage?: readonly Safeguard[];
}

type Attempted = Omit<Capture, 'close' | 'attempts'>;

/** Users accept a wait of some seconds. SQLite cannot be asked for a copy in WAL mode, so reading gets more time there. */
const PATIENCE_MS: Patience = { rollback: 1000, wal: 5000, lock: 3000 };
/** This many attempts are made even if time is up. */
const FEWEST_ATTEMPTS = 3;
/** If the same evidence of damage appears this many times in a row, it is damage and not a race. */
const DAMAGE_REPEATS = 6;
/** Reading and asking SQLite take turns. */
const ROUNDS = 2;
const UNJOURNALED_DOUBT =
  'A process wrote to it without a journal while it was captured: an unfinished change of such a process cannot be seen.';

/** Captures are taken one after another: when one ends, it closes descriptors, which would drop the lock of another one on the same file. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Captures a database that another process may be writing, without writing anything beside it: one committed state that holds all that was
 * acknowledged before the call. It only reads, through descriptors; but if a writer in rollback mode never pauses, SQLite's own backup function makes
 * the copy and takes a lock for it.
 *
 * @param place absolute path of the database file
 * @throws BackupError DATABASE_DAMAGED, DATABASE_FOREIGN, DATABASE_BUSY (another call may succeed), NO_SPACE, INTERRUPTED; what the system says of a
 * file that cannot be opened
 */
export function captureSqlite(place: string, options: SqliteCaptureOptions): Promise<Capture> {
  const mine = last.then(() => captureAlone(place, options));
  last = mine.catch(() => undefined);
  return mine;
}

async function captureAlone(place: string, options: SqliteCaptureOptions): Promise<Capture> {
  const { signal, delay = () => undefined, patienceMs = PATIENCE_MS } = options;
  throwIfInterrupted(signal);
  const spool = new Spool(options.spool);
  try {
    const attempts = new Attempts(place, spool, { signal, delay, sabotage: new Set(options.sabotage) });
    const captured = await attempts.captureSomehow(patienceMs);
    return { ...captured, attempts: attempts.count, close: () => spool.remove() };
  } catch (error) {
    spool.remove();
    throw error;
  }
}

class Attempts {
  readonly #place: string;
  readonly #spool: Spool;
  readonly #options: AttemptOptions;
  count = 0;
  /** Why the last attempt failed. */
  #why = '';
  #isUnjournaled = false;
  #lastingRepeats = 0;

  constructor(place: string, spool: Spool, options: AttemptOptions) {
    this.#place = place;
    this.#spool = spool;
    this.#options = options;
  }

  async captureSomehow(patience: Patience): Promise<Attempted> {
    for (let round = 1; round <= ROUNDS; round++) {
      const isRollback = this.#rollbackFile() !== null;
      const read = await this.#readPatiently(isRollback ? patience.rollback : patience.wal);
      if (read !== null) {
        const doubts = this.#isUnjournaled ? [...read.doubts, UNJOURNALED_DOUBT] : read.doubts;
        return { ...read, how: 'read', doubts };
      }
      const copied = await this.#backUp(patience.lock);
      if (copied !== null) return { ...copied, how: 'backup-api' };
      if (!isRollback) break;
    }
    throw busy(path.basename(this.#place), `no consistent state in ${this.count} attempts: ${this.#why}`);
  }

  /** Starts over until an attempt succeeds or the same damage is found again and again. Returns null if time is up. */
  async #readPatiently(patienceMs: number): Promise<Captured | null> {
    const until = performance.now() + patienceMs;
    for (let tries = 1; ; tries++) {
      throwIfInterrupted(this.#options.signal);
      this.count++;
      const parts = new Parts(this.#place);
      try {
        return await new CaptureAttempt(parts, this.#spool, this.#options).run();
      } catch (error) {
        if (!(error instanceof Restart)) throw error;
        this.#note(error);
        // SQLite's lock keeps such a writer out, while reading has no way to notice it.
        const isKnown = error.isUnjournaled && !this.#isUnjournaled;
        this.#isUnjournaled ||= error.isUnjournaled;
        if (isKnown || (tries >= FEWEST_ATTEMPTS && performance.now() > until)) return null;
      } finally {
        parts.closeAll();
      }
      await sleep(this.#lastingRepeats > 1 ? 20 * this.#lastingRepeats : 2 + Math.random() * 3);
    }
  }

  #note({ message, lasting }: Restart): void {
    if (lasting === undefined) this.#lastingRepeats = 0;
    else this.#lastingRepeats = message === this.#why ? this.#lastingRepeats + 1 : 1;
    this.#why = message;
    if (this.#lastingRepeats >= DAMAGE_REPEATS) throw lasting;
  }

  /** Lets SQLite copy it; null if SQLite must not or cannot do that. */
  async #backUp(patienceMs: number): Promise<Captured | null> {
    const before = this.#rollbackFile();
    if (before === null) return null;
    throwIfInterrupted(this.#options.signal);
    this.count++;
    this.#spool.makeRoom(Number(before.size));
    const error = await backupDatabase(this.#place, this.#spool.handOver(), path.basename(this.#place), patienceMs);
    const after = this.#rollbackFile();
    if (error === null && after !== null && after.dev === before.dev && after.ino === before.ino)
      return { files: [this.#spool.copy('').file('', after)], orphans: [], doubts: [] };
    this.#why = `${this.#why}; SQLite cannot copy it either: ${error?.message ?? 'another file took its name'}`;
    return null;
  }

  /** The database file, if it is in rollback mode and no log stands beside it that SQLite would open; else null. */
  #rollbackFile(): fs.BigIntStats | null {
    const parts = new Parts(this.#place);
    try {
      const { fd, stat } = parts.open('');
      if ((parts.open('-wal')?.stat.size ?? 0n) > 0n) return null;
      return readHeader(readFully(fd, 0, HEADER_SIZE), parts.name('')).isRollback ? stat : null;
    } catch {
      return null;
    } finally {
      parts.closeAll();
    }
  }
}

/** All pages in one step. If a writer writes between two steps, the copy starts over. */
const ALL_PAGES = 2 ** 31 - 1;
/** Codes of SQLite; extended ones keep them in the lowest byte. */
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/**
 * Has SQLite copy a database in rollback mode, on a read-only connection and in one step, while writers wait. Such a connection does not roll a hot
 * journal back: it fails if there is one. In WAL mode it would leave files beside the database. Until it is done, this process must not close any
 * descriptor of the file, since that would drop the lock.
 * @param patienceMs how long writers may keep it waiting for its lock
 * @returns null, or why the copy failed; another attempt may succeed
 * @throws BackupError DATABASE_DAMAGED, NO_SPACE
 */
export async function backupDatabase(
  place: string,
  to: string,
  name: string,
  patienceMs: number,
): Promise<Error | null> {
  const { backup, DatabaseSync } = nodeSqlite();
  try {
    using source = new DatabaseSync(place, { readOnly: true, timeout: patienceMs });
    await backup(source, to, { rate: ALL_PAGES });
    return null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = 'errcode' in error ? Number(error.errcode) % 256 : 0;
    if (code === CORRUPT || code === NOT_A_DATABASE) throw damaged(name, error.message, undefined, error);
    if (code === FULL) {
      const hint = 'Free some space there.';
      throw new BackupError('NO_SPACE', 'not enough space to copy a database', { hint, path: to, cause: error });
    }
    // There is no code if SQLite does not get the lock in time.
    return code === 0 ? new Error('it gets no lock', { cause: error }) : error;
  }
}
