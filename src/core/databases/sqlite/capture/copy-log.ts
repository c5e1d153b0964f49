import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import { readFully } from '../../database-files.ts';
import { CommitFinder, WAL_HEADER_SIZE, type WalHeader } from '../format/wal.ts';
import type { AttemptOptions } from './attempt-options.ts';
import { CHUNK, copyPart, readAt } from './copy-part.ts';
import type { LogFollower } from './log-follower.ts';
import { walState, type Part, type WalLook } from './parts.ts';
import { Restart } from './restart.ts';
import type { Spool } from './spool.ts';

/** A log up to its last commit. */
export interface CopiedLog {
  /** In bytes; 0 if there is no commit. */
  readonly size: number;
  /** Like `WalLook.state`, for the generation that was copied. */
  readonly state: string;
}

interface CopyLogOptions extends AttemptOptions {
  /** Whether changed pages are copied again; a test may turn this off. */
  readonly copiesAgain: boolean;
}

/** How often a new generation may change the pages of the one before while they are copied. */
const ROUNDS = 100;

/**
 * Copies a log after the database file was copied. If the log started over meanwhile, it also copies the changed pages of the database file again.
 * @throws Restart
 */
export async function copyLog(
  database: number,
  { part, header, state }: WalLook,
  log: LogFollower | null,
  spool: Spool,
  options: CopyLogOptions,
): Promise<CopiedLog> {
  if (part === null || header === null) return { size: 0, state };
  if (log === null) {
    const head = readFully(part.fd, 0, WAL_HEADER_SIZE);
    return { size: await copyGeneration(part, header, head, null, spool, options), state };
  }
  log.follow();
  for (let round = 0; round < ROUNDS; round++) {
    throwIfInterrupted(options.signal);
    while (log.hasChanged) copyAgain(database, log, spool, options);
    const current = log.current;
    const size = await copyGeneration(part, current.header, current.head, log, spool, options);
    log.follow();
    // Without a commit the log does not say how large the database is. The writer that started the log is about to commit.
    const isWhole = size > 0 || !log.hasMoved;
    if (!log.hasChanged && isWhole) return { size, state: walState(part, current.head, current.header) };
    if (!isWhole) await sleep(1);
  }
  throw new Restart('its log starts over faster than it can be copied');
}

/** Copies changed pages again. If one changes once more, it is in the log of the current generation. */
function copyAgain(database: number, log: LogFollower, spool: Spool, { copiesAgain }: CopyLogOptions): void {
  const { pageSize } = log.current.header;
  const copy = spool.copy('');
  const room = Buffer.allocUnsafeSlow(pageSize);
  for (const page of log.takeChanged()) {
    if (!copiesAgain) continue;
    const position = (page - 1) * pageSize;
    // Past the end, the file was cut off: the page is no longer part of the database, or the log has it.
    if (readAt(database, room, position) === pageSize) copy.write(room, position);
    log.glance();
  }
}

async function copyGeneration(
  part: Part,
  header: WalHeader,
  head: Buffer,
  log: LogFollower | null,
  spool: Spool,
  options: AttemptOptions,
): Promise<number> {
  const finder = new CommitFinder(header);
  const copy = spool.copy('-wal');
  copy.write(head, 0);
  await copyPart(part.fd, fs.fstatSync(part.fd).size, copy, {
    ...options,
    from: WAL_HEADER_SIZE,
    chunk: Math.max(1, Math.floor(CHUNK / finder.frameSize)) * finder.frameSize,
    take(frames) {
      log?.glance();
      return finder.take(frames);
    },
  });
  copy.cut(finder.end);
  return finder.end;
}
