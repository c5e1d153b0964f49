import fs from 'node:fs';
import path from 'node:path';
import type { AttemptOptions } from './attempt-options.ts';
import type { CapturedFile } from '../../captured-file.ts';
import { isGone, pinnedLog, spooledFile } from './captured-file.ts';
import { parseFileName } from '../format/names.ts';
import type { Pins } from './pins.ts';
import { errnoOf } from '../../../model/backup-error.ts';
import type { Copy } from './spool.ts';
import { damaged } from '../../damage.ts';
import { scanLog } from '../format/log-format.ts';
import { descriptorBytes } from '../../database-files.ts';
import { BATCH_HEADER, readBatchHeader } from '../format/write-batch.ts';

/** A log whose bytes stay available, whatever happens to its name. */
export interface HeldLog {
  readonly name: string;
  /** The end of the log when it was read, in bytes. A log only grows, so the bytes below can be read at leisure. */
  size: number;
  /** Gives `read` a descriptor, which is valid until `read` returns. */
  use<T>(read: (fd: number) => T): T;
  /** Its first bytes as a file of the capture. */
  file(size: number): CapturedFile;
}

/** How many of the newest logs are never copied: the last is still being written, and new ones may appear meanwhile. */
const NEWEST = 3;

/** Which logs a folder has, by number, lowest first. */
function listLogs(dir: string): (readonly [number: number, name: string])[] {
  return fs
    .readdirSync(dir)
    .flatMap((name) => {
      const parsed = parseFileName(name);
      return parsed?.type === 'log' ? [[parsed.number, name] as const] : [];
    })
    .toSorted(([a], [b]) => a - b);
}

/** Copies closed logs if there are more of them than a quarter of the descriptors. Returns how many logs still need a descriptor. */
export async function spoolLogs(
  dir: string,
  { spool, maxDescriptors }: AttemptOptions,
  isNeeded: (log: number) => boolean,
): Promise<number> {
  const logs = listLogs(dir).filter(([number]) => isNeeded(number));
  if (spool === undefined || logs.length <= Math.max(NEWEST, maxDescriptors / 4)) return Math.max(NEWEST, logs.length);
  await spool.addLogs(dir, logs.slice(0, -NEWEST));
  return NEWEST;
}

/**
 * Step B of a capture: opens every log there is, until a listing shows nothing new, and only then takes where each ends, lowest number first: all but
 * the highest were closed by then (db/db_impl.cc, MakeRoomForWrite).
 * @param isNeeded false for logs that MANIFEST does not need any more
 * @param outOfDescriptors what to throw if no descriptor is left and logs can be copied instead
 */
export function pinLogs(
  dir: string,
  pins: Pins,
  { delay, sabotage, spool, maxDescriptors }: AttemptOptions,
  isNeeded: (log: number) => boolean,
  outOfDescriptors: () => Error,
): Map<number, HeldLog> {
  const logs = new Map<number, HeldLog>();
  let found: boolean;
  do {
    found = false;
    for (const [number, name] of listLogs(dir)) {
      if (logs.has(number) || !isNeeded(number)) continue;
      const file = path.join(dir, name);
      const copy = spool?.log(number, file);
      found = true;
      if (copy !== undefined) {
        logs.set(number, spooledLog(copy, pins));
        continue;
      }
      if (spool !== undefined && pins.size >= maxDescriptors) throw outOfDescriptors();
      let fd: number;
      try {
        fd = pins.open(file);
      } catch (error) {
        // Deleted since the listing, so its flush is in the MANIFEST that is read next.
        if (isGone(error)) continue;
        if (spool !== undefined && ['EMFILE', 'ENFILE'].includes(errnoOf(error) ?? '')) throw outOfDescriptors();
        throw error;
      }
      const size = sabotage.has('read-log-on-open') ? fs.fstatSync(fd).size : -1;
      logs.set(number, heldLog(name, fd, size));
      if (size >= 0) delay('B');
    }
    delay('B');
  } while (found && !sabotage.has('single-listing'));
  for (const [, log] of [...logs].sort(([a], [b]) => a - b)) {
    if (log.size >= 0) continue;
    log.size = log.use((fd) => fs.fstatSync(fd).size);
    delay('B');
  }
  return logs;
}

function heldLog(name: string, fd: number, size: number): HeldLog {
  return {
    name,
    size,
    use: (read) => read(fd),
    file: (end) => pinnedLog(name, fd, end, fs.fstatSync(fd, { bigint: true })),
  };
}

function spooledLog({ name, file, stat }: Copy, pins: Pins): HeldLog {
  return {
    name,
    size: Number(stat.size),
    use(read) {
      const fd = pins.open(file);
      try {
        return read(fd);
      } finally {
        pins.close(fd);
      }
    },
    file: (end) => spooledFile(name, file, stat, pins, end),
  };
}

/** Where the last whole record of a log ends. */
interface LogEnd {
  readonly log: HeldLog;
  readonly end: number;
}

/**
 * Checks the logs of a capture, oldest first: framing, CRCs, and that every batch begins with the sequence number after the one before. Holds at most
 * a window of a log in memory. Returns each log with the end of its last whole record.
 * @throws BackupError DATABASE_DAMAGED, naming the log and the offset
 */
export function scanCapturedLogs(
  logs: readonly HeldLog[],
  checkSequence = true,
): { readonly ends: LogEnd[]; readonly lastSequence: number } {
  let expected: number | null = null;
  let torn: string | null = null;
  const ends = logs.map((log) => {
    const { name, size } = log;
    let at = 0;
    const scan = log.use((fd) =>
      scanLog(
        descriptorBytes(fd, size),
        (record, end) => {
          if (torn !== null) throw damaged(torn, `it ends inside a record, and ${name} goes on after it`);
          if (record.length < BATCH_HEADER) throw damaged(name, 'a record is shorter than a write batch’s header', at);
          const { sequence, count } = readBatchHeader(record);
          if (checkSequence && expected !== null && sequence !== expected) {
            throw damaged(name, `sequence ${sequence} follows ${expected - 1}: writes are missing`, at);
          }
          expected = sequence + count;
          at = end;
        },
        { keep: BATCH_HEADER },
      ),
    );
    if (scan.corruption !== null) throw damaged(name, scan.corruption.why, scan.corruption.offset);
    // Only an empty log may follow a torn one: a writer that reopened the database made it and has not used it yet.
    if (scan.tail !== 'clean') torn ??= name;
    return { log, end: scan.validEnd };
  });
  return { ends, lastSequence: expected === null ? 0 : expected - 1 };
}
