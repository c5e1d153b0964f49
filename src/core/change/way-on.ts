import { BackupError } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import { fromSystemError } from '../model/system-error.ts';
import { escapeName } from '../paths/names.ts';
import type { SetAside } from '../transaction/set-aside.ts';

/** What others did in the way of a change, and where it is now. */
export function setAsideFinding({ path, why, kept }: SetAside): Finding {
  const place = escapeName(path);
  if (kept === null)
    return {
      code: 'set-aside',
      severity: 'info',
      message: `a process that tried to open ${place} made a folder there with nothing but LOCK and LOG; it was moved away`,
      path,
    };
  if (why === 'outdated')
    return {
      code: 'set-aside',
      severity: 'warning',
      message: `another process went on with its database before ${place} was back: that is kept as it was in ${kept}`,
      path: kept,
      recommendation: 'Look at the database; the safety backup holds all of it as it was before the change.',
    };
  const what =
    why === 'made'
      ? `another process made ${place} anew while it was away`
      : `another process changed ${place} before it was taken back`;
  return {
    code: 'set-aside',
    severity: 'warning',
    message: `${what}: what it wrote is kept in ${kept}`,
    path: kept,
    recommendation: 'Look at what is in it, and remove it when you no longer need it.',
  };
}

interface WayOn {
  readonly root: string;
  readonly safetyId: string | null;
  /** The command line that tries again; null where the caller names one. */
  readonly again: string | null;
  readonly setAside: readonly SetAside[];
  /** Who has a file open that is in its place no more. */
  readonly staying: readonly Finding[];
}

/** What stood in the way of a change, with the names of all that holds something that may be wanted, and the line that goes on. */
export function withWayOn(cause: unknown, { root, safetyId, again, setAside, staying }: WayOn): unknown {
  const error = fromSystemError(cause, 'the restore could not be done', root, 'Everything was taken back.');
  if (!(error instanceof BackupError)) return error;
  const { code, hint, path, details } = error;
  const named = setAside.filter((found) => found.kept !== null).map((found) => setAsideFinding(found).message);
  const kept = [...named, ...staying.map(({ message }) => message)];
  // Where a restore is unfinished, the transaction has named the backup and recover goes on.
  const between = code === 'ROLLBACK_FAILED';
  const saved = safetyId === null || between ? [] : [`the safety backup ${safetyId} holds what was there before`];
  return new BackupError(code, [error.message, ...kept, ...saved].join('; '), {
    hint: again === null || between ? hint : `${hint} The same again: ${again}`,
    cause: error.cause ?? cause,
    ...(path !== undefined && { path }),
    ...(details !== undefined && { details }),
  });
}
