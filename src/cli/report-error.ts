import { escapeName } from '../core/paths/names.ts';
import { BackupError } from '../core/model/backup-error.ts';
import { fromSystemError } from '../core/model/system-error.ts';
import { exitCodeOfError, type ExitCode } from './exit-code.ts';
import type { ErrorDocument } from './error-document.ts';
import { printJson } from './output.ts';
import { annotateError } from './print-annotation.ts';
import { paint } from './render/style.ts';
import { say } from './say.ts';
import { pasteable } from './pasteable.ts';

function asBackupError(cause: unknown): BackupError {
  const error = fromSystemError(cause, 'the system refused');
  if (error instanceof BackupError) return error;
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new BackupError('INTERNAL', `a bug in migbackup: ${what}`, {
    hint: 'Run the same command with --log-level debug, and report what it logs.',
    cause: error,
  });
}

/** The `--json` form of an error. Never a stack: that belongs in the log. */
function errorDocument(error: BackupError): ErrorDocument {
  const { code, message, path, details } = error;
  return {
    error: {
      code,
      message,
      hint: pasteable(error.hint),
      ...(path !== undefined && { path }),
      ...(details && { details }),
    },
  };
}

/** Shows an error, as JSON on stdout or as text on stderr, and returns the exit code it stands for. */
export function reportError(cause: unknown, json: boolean): ExitCode {
  const error = asBackupError(cause);
  annotateError(error.code, error.message);
  if (json) {
    printJson(errorDocument(error));
  } else {
    const paintErr = paint(process.stderr);
    // Someone who answers no gets what they want, so this is not shown as an error.
    if (error.details?.['answer'] === 'no') say(escapeName(error.message), `${paintErr.warn('stopped')}  `, 9);
    else say(`${escapeName(error.message)}  (${error.code})`, `${paintErr.bad('error')}  `, 7);
    say(escapeName(pasteable(error.hint)), `${paintErr.dim('hint')}   `, 7);
  }
  return exitCodeOfError(error.code);
}
