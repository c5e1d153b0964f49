import { BackupError } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import { fromSystemError } from '../model/system-error.ts';
import { escapeName } from '../paths/names.ts';
import type { SetAside } from '../transaction/set-aside.ts';

/** Says what another process put in the way of a change, and where it is kept. */
export function setAsideFinding({ path, why, kept }: SetAside): Finding {
  const place = escapeName(path);
  if (kept === null)
    return {
      code: 'set-aside',
      severity: 'info',
      message: `a process that tried to open ${place} made a folder there with nothing but LOCK and LOG, which was moved away`,
      path,
    };
  if (why === 'outdated')
    return {
      code: 'set-aside',
      severity: 'warning',
      message: `another process used the database of ${place} before that file was back; the file is kept as it was in ${kept}`,
      path: kept,
      recommendation: 'Check the database. The safety backup holds all of it as it was before the change.',
    };
  const what =
    why === 'made'
      ? `another process created a new ${place} while the old one was moved away`
      : `another process changed ${place} before it was taken back`;
  return {
    code: 'set-aside',
    severity: 'warning',
    message: `${what}: what it wrote is kept in ${kept}`,
    path: kept,
    recommendation: 'Look at what was kept, and remove it when you no longer need it.',
  };
}

interface WayOn {
  readonly root: string;
  readonly safetyId: string | null;
  /** The command line that tries again; null if the caller names it. */
  readonly again: string | null;
  readonly setAside: readonly SetAside[];
  /** Names the processes that have a file open which is no longer in its place. */
  readonly staying: readonly Finding[];
}

/** The error that stopped a change. It also names every place that holds something the user may want, and the command that continues. */
export function withWayOn(cause: unknown, { root, safetyId, again, setAside, staying }: WayOn): unknown {
  const error = fromSystemError(cause, 'the restore failed', root, 'Everything was taken back.');
  if (!(error instanceof BackupError)) return error;
  const { code, hint, path, details } = error;
  const named = setAside.filter((found) => found.kept !== null).map((found) => setAsideFinding(found).message);
  const kept = [...named, ...staying.map(({ message }) => message)];
  // If a restore is unfinished, the transaction has already named the backup, and recover continues it.
  const between = code === 'ROLLBACK_FAILED';
  const saved = safetyId === null || between ? [] : [`the safety backup ${safetyId} holds what was there before`];
  return new BackupError(code, [error.message, ...kept, ...saved].join('; '), {
    hint: again === null || between ? hint : `${hint} To try again, run: ${again}`,
    cause: error.cause ?? cause,
    ...(path !== undefined && { path }),
    ...(details !== undefined && { details }),
  });
}
