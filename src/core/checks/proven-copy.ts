import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import { databasesOf } from '../model/stated-databases.ts';
import { backupStatus } from '../repository/backup-status.ts';
import { lastVerification } from '../repository/reports.ts';
import { ownBackups } from '../repository/whose.ts';
import { restoreLine } from './restore-line.ts';

/**
 * A sentence with the command line that brings a database back from the project's newest backup in which it was proven; null if there is none.
 * Backups that are seen or known to be damaged are skipped. If one has other damage, its restore finds that before it changes anything.
 * @param at the database, project-relative
 */
export function sayProvenCopy(project: Project, at: string): string | null {
  const from = ownBackups(project).find(
    (backup) =>
      backup.manifest !== null &&
      databasesOf(backup.manifest).some(({ path }) => path === at) &&
      backupStatus(backup).problem === null &&
      lastVerification(project.repository, backup.id)?.status !== 'FAILED',
  );
  if (from === undefined || from.manifest === null) return null;
  return `${restoreLine(from.id, from.manifest, [at])} brings back its newest proven state.`;
}

/** Adds to the error about a damaged database the command line that brings back a proven one, if one is known. Returns any other error as it is. */
export function withProvenCopy(error: unknown, project: Project): unknown {
  if (!(error instanceof BackupError) || error.code !== 'DATABASE_DAMAGED') return error;
  const { code, message, path, details, cause } = error;
  const at = details?.['database'] ?? path;
  const way = typeof at === 'string' ? sayProvenCopy(project, at) : null;
  if (way === null) return error;
  return new BackupError(code, message, {
    hint: `${way} ${error.hint}`,
    cause,
    ...(path !== undefined && { path }),
    ...(details !== undefined && { details }),
  });
}
