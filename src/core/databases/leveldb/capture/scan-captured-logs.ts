import { damaged } from '../../damage.ts';
import { scanLog } from '../format/log-format.ts';
import type { HeldLog } from './pin-logs.ts';
import { descriptorBytes } from '../../database-files.ts';
import { BATCH_HEADER, readBatchHeader } from '../format/write-batch.ts';

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
