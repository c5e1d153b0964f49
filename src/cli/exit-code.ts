import { constants } from 'node:os';
import type { ErrorCode } from '../core/model/backup-error.ts';
import type { GuardReport } from '../core/model/guard-report.ts';

/** Exit codes: a published contract. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  partial: 3,
  findings: 4,
  failed: 5,
  refused: 6,
  unrecovered: 7,
  noSuchBackup: 10,
  locked: 11,
  guardRolledBack: 20,
  guardKept: 21,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_OF: Readonly<Record<ErrorCode, ExitCode>> = {
  INTERNAL: EXIT.bug,
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  CONFIG_CONFLICT: EXIT.usage,
  UNKNOWN_CATEGORY: EXIT.usage,
  NOTHING_SELECTED: EXIT.usage,
  NOTHING_TO_BACK_UP: EXIT.usage,
  AMBIGUOUS_BACKUP: EXIT.usage,
  NO_SUCH_REMOTE: EXIT.usage,
  BACKUP_DAMAGED: EXIT.findings,
  POST_CHECK_FAILED: EXIT.findings,
  SOURCE_CHANGED: EXIT.failed,
  SOURCE_UNREADABLE: EXIT.failed,
  SOURCE_MISSING: EXIT.failed,
  SOURCE_NAME: EXIT.failed,
  DATABASE_DAMAGED: EXIT.failed,
  DATABASE_BUSY: EXIT.failed,
  DATABASE_FOREIGN: EXIT.failed,
  PROOF_FAILED: EXIT.failed,
  REPOSITORY_UNWRITABLE: EXIT.failed,
  NO_SPACE: EXIT.failed,
  IO: EXIT.failed,
  FORMAT_UNSUPPORTED: EXIT.failed,
  REMOTE_UNREACHABLE: EXIT.failed,
  REMOTE_DENIED: EXIT.failed,
  REMOTE_FAILED: EXIT.failed,
  KEY_UNUSABLE: EXIT.failed,
  CONFIRMATION_REQUIRED: EXIT.refused,
  PLAN_CHANGED: EXIT.refused,
  OTHER_PROJECT: EXIT.refused,
  UNSAFE_TARGET: EXIT.refused,
  UNSAFE_ARCHIVE: EXIT.refused,
  TARGET_NOT_EMPTY: EXIT.refused,
  TARGET_CHANGED: EXIT.refused,
  TRANSACTION_UNREADABLE: EXIT.refused,
  SIGNATURE_REFUSED: EXIT.refused,
  KEY_MISSING: EXIT.refused,
  COPY_NOT_ENCRYPTED: EXIT.refused,
  ROLLBACK_FAILED: EXIT.unrecovered,
  WAY_BACK_FAILED: EXIT.unrecovered,
  NO_SUCH_BACKUP: EXIT.noSuchBackup,
  NO_SUCH_DATABASE: EXIT.noSuchBackup,
  NO_SUCH_RECORD: EXIT.noSuchBackup,
  NOTHING_TO_UNDO: EXIT.noSuchBackup,
  LOCKED: EXIT.locked,
  DATABASE_HELD: EXIT.locked,
  INTERRUPTED: EXIT.interrupted,
};

export function exitCodeOfError(code: ErrorCode): ExitCode {
  return EXIT_OF[code];
}

const EXIT_OF_STATUS = {
  complete: EXIT.done,
  PASSED: EXIT.done,
  HEALTHY: EXIT.done,
  WARNING: EXIT.done,
  partial: EXIT.partial,
  FAILED: EXIT.findings,
  CRITICAL: EXIT.findings,
} as const;

/** The exit code of a report's status; with `failOn` `warning` a WARNING counts as findings too. */
export function exitCodeOfStatus(status: keyof typeof EXIT_OF_STATUS, failOn = 'error'): ExitCode {
  if (status === 'WARNING' && failOn === 'warning') return EXIT.findings;
  return EXIT_OF_STATUS[status];
}

const EXIT_OF_GUARD = { succeeded: EXIT.done, 'rolled-back': EXIT.guardRolledBack, kept: EXIT.guardKept } as const;

/** A shell adds this to a signal's number for the exit code of a command that the signal ended. */
const SHELL_SIGNAL_BASE = 128;
/** The exit code that a shell has for a command that it cannot start. */
const NOT_STARTED = 127;

/**
 * The exit code for the report of a guarded command; with `passthrough` it is the command's own, or that of the check that failed. A command
 * that was interrupted has not done its work even if it ended with 0: then the signal decides.
 */
export function exitCodeOfGuard({ outcome, result, checks, interrupted }: GuardReport, passthrough: boolean): number {
  if (!passthrough) return EXIT_OF_GUARD[outcome];
  const last = checks.at(-1) ?? result;
  // All that ran exited with 0: it failed because of what it lost.
  if (outcome !== 'succeeded' && last.exitCode === 0 && interrupted === null) return EXIT_OF_GUARD[outcome];
  if (last.exitCode !== null && !(last.exitCode === 0 && interrupted !== null)) return last.exitCode;
  const signal = last.signal ?? interrupted;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return number === undefined ? NOT_STARTED : SHELL_SIGNAL_BASE + number;
}
