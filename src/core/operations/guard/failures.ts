import path from 'node:path';
import { namesIn } from '../../fs/names-in.ts';
import { pathWord, shellLine } from '../../model/shell-quote.ts';
import { escapeName } from '../../paths/names.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { MANIFEST_FILE } from '../../format/layout.ts';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { CommandResult } from '../../model/guard-report.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { mendingLine, readableAgain } from '../../change/unreadable.ts';

/** INTERRUPTED: we were asked to stop when the backup was there and the command had not begun. */
export function interruptedBefore(backupId: string): BackupError {
  return new BackupError('INTERRUPTED', `interrupted before the command was run; the backup ${backupId} stays`, {
    hint: 'Run the same command again when you are ready.',
    details: { backupId },
  });
}

/** WAY_BACK_FAILED: the command has ended, and what had to come after it could not be done. Says in which state the project is. */
export function wayBackFailed(
  { id, folder }: Pick<SelectedBackup, 'id' | 'folder'>,
  result: CommandResult,
  cause: unknown,
): BackupError {
  if (isGone(folder)) return backupGone(id, folder, result, cause);
  const why = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof BackupError ? cause.code : null;
  const between = code === 'ROLLBACK_FAILED';
  // In this case everything was brought back, and the message itself says so.
  const standing = code === 'WAY_BACK_FAILED';
  const state = between ? '; the project is between two states' : '; the project is as the command left it';
  const mend =
    (cause instanceof BackupError ? mendingLine(cause) : null) ?? readableAgain(path.join(folder, MANIFEST_FILE));
  const line = `migbackup restore ${id} --exact`;
  const when = code === 'LOCKED' ? 'Wait until it has finished' : 'Remove the cause';
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

/** True if there is no backup any more; one that this user may not look at counts as still there. */
export function isGone(folder: string): boolean {
  try {
    return lstatOrNull(folder) === null;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** The folder beside a repository that has a backup of this id in it, as `mv backups backups.old` leaves it. Only a restore shows whether that backup is whole. */
function sameBeside(repository: string, backupId: string): string | null {
  const parent = path.dirname(repository);
  return (
    namesIn(parent)
      .map((name) => path.join(parent, name))
      .find((place) => mayBeBackup(path.join(place, backupId))) ?? null
  );
}

/** A place that cannot be looked into is no place to name. */
function mayBeBackup(folder: string): boolean {
  try {
    return lstatOrNull(path.join(folder, MANIFEST_FILE))?.isFile() === true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** If no other place is known, there is nothing to restore from, so the hint has no line to run. */
function backupGone(backupId: string, folder: string, result: CommandResult, cause: unknown): BackupError {
  const message = `the backup ${backupId} is not in its place any more: it was there before the command ran; the project is as the command left it`;
  const beside = sameBeside(path.dirname(folder), backupId);
  const line = (place: string): string =>
    shellLine(['migbackup', 'restore', backupId, '--exact', '--backups', pathWord(place)]);
  return new BackupError('WAY_BACK_FAILED', message, {
    hint:
      beside === null
        ? 'If it was moved (mv, git stash), or its disk unmounted, bring it back there and restore it with --exact. If it was removed, nothing can be brought back from it: migbackup list shows what is left.'
        : `A backup of that name is in ${escapeName(beside)}. Run: ${line(beside)}`,
    path: folder,
    cause,
    details: { backupId, result },
  });
}
