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
  /** Bytes; 0: there is no commit. */
  readonly size: number;
  /** As `WalLook.state`, of the generation that was copied. */
  readonly state: string;
}

interface CopyLogOptions extends AttemptOptions {
  /** Whether pages that changed are copied once more; a test may leave it out. */
  readonly copiesAgain: boolean;
}

/** How often the pages of a generation may turn out to be changed by the next one. */
const ROUNDS = 100;

/** Copies a log after the database file, and what must be copied of that once more since the log was begun anew meanwhile. @throws Restart */
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
    // Without a commit the log does not say how large the database is, and whoever has begun it is about to commit.
    const isWhole = size > 0 || !log.hasMoved;
    if (!log.hasChanged && isWhole) return { size, state: walState(part, current.head, current.header) };
    if (!isWhole) await sleep(1);
  }
  throw new Restart('its log is begun anew faster than it is copied');
}

/** A page that moves once more is in the log of the generation that is on by now. */
function copyAgain(database: number, log: LogFollower, spool: Spool, { copiesAgain }: CopyLogOptions): void {
  const { pageSize } = log.current.header;
  const copy = spool.copy('');
  const room = Buffer.allocUnsafeSlow(pageSize);
  for (const page of log.takeChanged()) {
    if (!copiesAgain) continue;
    const position = (page - 1) * pageSize;
    // Beyond the end it was cut off: no page of the database any more, or one that the log has.
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
