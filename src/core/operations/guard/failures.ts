import { lstatOrNull } from '../../fs/durable.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { CommandResult } from '../../model/guard-report.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { mendingLine } from '../../change/unreadable.ts';

/** INTERRUPTED: we were asked to stop when the backup was there and the command had not begun. */
export function interruptedBefore(backupId: string): BackupError {
  return new BackupError('INTERRUPTED', `interrupted before the command was run; the backup ${backupId} stays`, {
    hint: 'Run the same command again when you are ready.',
    details: { backupId },
  });
}

/** WAY_BACK_FAILED: the command has ended, and what had to come after it could not be done. Says in which state the project is. */
export function wayBackFailed({ id, folder }: SelectedBackup, result: CommandResult, cause: unknown): BackupError {
  if (lstatOrNull(folder) === null) return backupGone(id, folder, result, cause);
  const why = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof BackupError ? cause.code : null;
  const between = code === 'ROLLBACK_FAILED';
  // Then the change stands, and the message says so itself.
  const standing = code === 'WAY_BACK_FAILED';
  const state = between ? '; the project is between two states' : '; the project is as the command left it';
  const mend = cause instanceof BackupError ? mendingLine(cause) : null;
  const line = `migbackup restore ${id} --exact`;
  const when = code === 'LOCKED' ? 'Wait until it has finished' : 'Mend the cause';
  const hint =
    mend === null
      ? `${when}, then run: ${between ? 'migbackup recover, then ' : ''}${line}`
      : `Run: ${mend} && ${line}`;
  return new BackupError('WAY_BACK_FAILED', `the command ended, and then: ${why}${standing ? '' : state}`, {
    hint,
    cause,
    details: { backupId: id, result },
  });
}

/** Then there is nothing to restore from, and no line to run would be true. */
function backupGone(backupId: string, folder: string, result: CommandResult, cause: unknown): BackupError {
  const message = `the backup ${backupId} was removed while the command ran; the project is as the command left it`;
  return new BackupError('WAY_BACK_FAILED', message, {
    hint: 'Nothing can be brought back from it. migbackup list shows what is left; --backups DIR keeps backups out of reach.',
    path: folder,
    cause,
    details: { backupId, result },
  });
}
