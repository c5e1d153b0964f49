import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { spareDescriptors } from '../../../fs/descriptors.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import type { AttemptOptions, Safeguard } from './attempt-options.ts';
import { CaptureAttempt, type Captured } from './capture-attempt.ts';
import type { CapturedFile } from '../../captured-file.ts';
import { busy, foreign } from '../../damage.ts';
import { parseFileName } from '../format/names.ts';
import { Pins } from './pins.ts';
import { recogniseDatabase } from '../format/recognise.ts';
import { OutOfDescriptors, Restart } from './restart.ts';
import { Spool } from './spool.ts';

export type { CapturedFile } from '../../captured-file.ts';
export type { Safeguard } from './attempt-options.ts';

export interface CaptureOptions {
  readonly signal?: AbortSignal | undefined;
  /** How many attempts to make on a database that keeps changing. Default 200. */
  readonly maxAttempts?: number;
  /** Descriptors to hold at most. Default: as many as the process has to spare, up to 4096. */
  readonly maxDescriptors?: number;
  /**
   * A folder that the capture may make, never in the source, for copies of the tables and logs beyond that number. It is removed when the capture is
   * closed. Without it, such tables are opened by name when they are read, and DATABASE_BUSY is thrown if one was compacted away by then.
   */
  readonly spool?: string;
  /** Called between the steps (A to D), so that a test can stretch them. */
  readonly delay?: (step: string) => void;
  /** Tests only: safeguards to leave out. */
  readonly sabotage?: readonly Safeguard[];
}

/** An exact prefix of a database's history, pinned and ready to be copied. */
export interface DatabaseCapture {
  readonly comparator: string;
  /** Of the last write that is part of it. */
  readonly lastSequence: number;
  readonly logNumber: number;
  readonly attempts: number;
  readonly tables: number;
  readonly logs: number;
  /** LevelDB files that the captured MANIFEST does not name. They are left out. */
  readonly orphans: readonly string[];
  /** CURRENT, MANIFEST, live tables and logs, sorted by name. */
  readonly files: readonly CapturedFile[];
  /** Releases every descriptor and removes what was spooled. */
  close(): void;
}

/** If the same evidence of damage appears this many times in a row, with growing pauses, it is damage and not a race. */
const DAMAGE_REPEATS = 6;
const LONGEST_PAUSE_MS = 20;
/** For one capture: a database of 8 GiB has about this many tables. */
const MOST_DESCRIPTORS = 4096;
/** Enough for MANIFEST, logs, and a few tables that appear after the rest was copied. */
const FEWEST_DESCRIPTORS = 10;

/**
 * Captures a database that another process may be writing, without a lock, without its help and without writing anything: an
 * exact prefix of its history that holds every write acknowledged before the call. LOCK is never opened.
 *
 * Why it is exact: logs are pinned before MANIFEST is read, and a log or table is deleted only after the MANIFEST record
 * that makes it obsolete is synced (db/db_impl.cc, DeleteObsoleteFiles). A log that was missed was deleted before the last
 * listing, so its content is in a table that MANIFEST already named. All logs but the newest were closed when their ends
 * were taken. If CURRENT and MANIFEST are the same before and after, tables and logs belong to one incarnation.
 *
 * @param dir absolute folder of the database
 * @throws BackupError DATABASE_DAMAGED, DATABASE_FOREIGN, DATABASE_BUSY (another call may succeed), INTERRUPTED
 */
export async function captureDatabase(dir: string, options: CaptureOptions = {}): Promise<DatabaseCapture> {
  const { maxAttempts = 200, maxDescriptors = spareDescriptors(MOST_DESCRIPTORS), delay = () => undefined } = options;
  if (recogniseDatabase(dir) === 'rocksdb') throw foreign(dir, 'an OPTIONS or IDENTITY file says that it is RocksDB’s');
  const spool = options.spool === undefined ? undefined : new Spool(options.spool, options.signal);
  try {
    const attemptOptions = { maxDescriptors, delay, spool, sabotage: new Set(options.sabotage) };
    const { captured, attempts, pins } = await repeat(dir, attemptOptions, maxAttempts, options.signal);
    return describe(dir, captured, attempts, () => {
      pins.closeAll();
      spool?.remove();
    });
  } catch (error) {
    spool?.remove();
    throw error;
  }
}

/** Starts over until an attempt succeeds, the same damage is found again and again, or the attempts are used up. */
async function repeat(
  dir: string,
  options: AttemptOptions,
  maxAttempts: number,
  signal: AbortSignal | undefined,
): Promise<{ captured: Captured; attempts: number; pins: Pins }> {
  let { maxDescriptors } = options;
  let lastEvidence = '';
  let repeats = 0;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    throwIfInterrupted(signal);
    const pins = new Pins();
    try {
      return {
        captured: await new CaptureAttempt(dir, pins, { ...options, maxDescriptors }).run(),
        attempts: attempt,
        pins,
      };
    } catch (error) {
      pins.closeAll();
      if (!(error instanceof Restart)) throw error;
      if (error instanceof OutOfDescriptors) maxDescriptors = Math.max(FEWEST_DESCRIPTORS, Math.floor(error.held / 2));
      repeats = error.evidence === lastEvidence ? repeats + 1 : 1;
      lastEvidence = error.evidence;
      if (error.damage !== undefined && repeats >= DAMAGE_REPEATS) throw error.damage;
    }
    await sleep(Math.min(LONGEST_PAUSE_MS, 2 * attempt));
  }
  throw busy(dir, `no consistent state in ${maxAttempts} attempts`);
}

function describe(dir: string, captured: Captured, attempts: number, close: () => void): DatabaseCapture {
  const { version, files, lastSequence, logs } = captured;
  return {
    comparator: version.comparator,
    lastSequence,
    logNumber: version.logNumber,
    attempts,
    tables: version.tables.length,
    logs,
    orphans: orphansOf(dir, new Set(files.map((file) => file.name)), version.nextFileNumber),
    files,
    close,
  };
}

/** The files that no state needs. A file whose number MANIFEST has not given out yet is being written by a live owner, so it is no orphan. */
function orphansOf(dir: string, captured: ReadonlySet<string>, nextFileNumber: number): string[] {
  return fs
    .readdirSync(dir)
    .filter((name) => {
      const parsed = parseFileName(name);
      if (parsed === null || captured.has(name) || parsed.number >= nextFileNumber) return false;
      return parsed.type !== 'lock' && parsed.type !== 'info';
    })
    .sort();
}
