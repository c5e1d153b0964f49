/**
 * Every error code there is; the codes are a published contract. error-meanings.ts says when each occurs, and
 * src/cli/exit-code.ts maps each to one exit code.
 */
export const ERROR_CODES = [
  'INTERNAL',
  // wrong usage or configuration (exit 2)
  'USAGE',
  'CONFIG_INVALID',
  'CONFIG_CONFLICT',
  'UNKNOWN_CATEGORY',
  'NOTHING_SELECTED',
  'NOTHING_TO_BACK_UP',
  'AMBIGUOUS_BACKUP',
  'NO_SUCH_REMOTE',
  // findings (exit 4)
  'BACKUP_DAMAGED',
  'POST_CHECK_FAILED',
  // the operation failed and changed nothing, or took everything back (exit 5)
  'SOURCE_CHANGED',
  'SOURCE_UNREADABLE',
  'SOURCE_MISSING',
  'SOURCE_NAME',
  'DATABASE_DAMAGED',
  'DATABASE_BUSY',
  'DATABASE_FOREIGN',
  'PROOF_FAILED',
  'REPOSITORY_UNWRITABLE',
  'NO_SPACE',
  'IO',
  'FORMAT_UNSUPPORTED',
  'REMOTE_UNREACHABLE',
  'REMOTE_DENIED',
  'REMOTE_FAILED',
  'KEY_UNUSABLE',
  // refused (exit 6)
  'CONFIRMATION_REQUIRED',
  'PLAN_CHANGED',
  'OTHER_PROJECT',
  'UNSAFE_TARGET',
  'UNSAFE_ARCHIVE',
  'TARGET_NOT_EMPTY',
  'TARGET_CHANGED',
  'TRANSACTION_UNREADABLE',
  'SIGNATURE_REFUSED',
  'KEY_MISSING',
  'COPY_NOT_ENCRYPTED',
  // failed and could not be taken back (exit 7)
  'ROLLBACK_FAILED',
  'WAY_BACK_FAILED',
  // exit 10, 11, 130
  'NO_SUCH_BACKUP',
  'NO_SUCH_DATABASE',
  'NO_SUCH_RECORD',
  'NOTHING_TO_UNDO',
  'LOCKED',
  'DATABASE_HELD',
  'INTERRUPTED',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface BackupErrorOptions {
  /** What to do next, in one sentence. It is always given: an error that does not say what to do is half an error. */
  hint: string;
  /** The file, folder or archive member it is about. */
  path?: string;
  cause?: unknown;
  /** Extra facts for `--json` (for example every affected file). */
  details?: Record<string, unknown>;
}

/** The one error class that leaves the engine. `message` says what happened to what; `hint` says what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly path: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: BackupErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.path = options.path;
    this.details = options.details;
  }
}

/** The errno name (`ENOENT`, …) of a system error, or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** Throws INTERRUPTED if the signal has been raised; called between steps, never inside one. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new BackupError('INTERRUPTED', 'interrupted; what was begun has been taken back', {
      hint: 'Run the same command again when you are ready.',
    });
  }
}
