import { hash } from 'node:crypto';
import { auditBackup } from '../audit/audit.ts';
import { isVersion1 } from '../format/version1.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { SignReport } from '../model/sign-report.ts';
import { signedList } from '../protection/judge-signature.ts';
import { requireUnsigned, signList } from '../protection/sign-backup.ts';
import { startReport } from '../repository/report-head.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { withLocks } from '../repository/with-locks.ts';

/**
 * Verifies a backup in full and signs its list of artifacts; the signature is written beside the backup, or beside the exported file. Throws
 * BACKUP_DAMAGED, KEY_UNUSABLE, TARGET_NOT_EMPTY if there is a signature already, USAGE for a backup of format version 1, LOCKED.
 */
export async function sign(
  project: Project,
  selected: SelectedBackup,
  asked: string | undefined,
  context: Context,
): Promise<SignReport> {
  const head = startReport(context);
  const { id, folder, fromFile = folder } = selected;
  if (isVersion1(fromFile)) {
    throw new BackupError('USAGE', `${id} is of format version 1, which has no list of artifacts to sign`, {
      hint: 'Take a new backup with migbackup create, and sign that.',
      path: fromFile,
    });
  }
  const key = asked ?? project.config.sign;
  if (key === undefined) {
    throw new BackupError('USAGE', 'it is not said which key signs', {
      hint: 'Add --key FILE, or "sign" to the config.',
    });
  }
  return withLocks(project, 'sign', async () => {
    requireUnsigned(selected);
    // What is signed is read first: what changes after that is not what was signed, and the verification says so.
    const list = signedList(folder);
    const artifactsSha256 = hash('sha256', list);
    const { findings } = await auditBackup(folder, selected.auditId ?? id, { mode: 'full', artifactsSha256 }, context);
    const problem = findings.find(({ severity }) => severity === 'error');
    if (problem !== undefined) {
      throw new BackupError('BACKUP_DAMAGED', `${id} is not whole, and was not signed: ${problem.message}`, {
        hint: 'migbackup verify shows what of it is still good; sign another backup.',
        path: folder,
      });
    }
    return { ...head(), operation: 'sign', backupId: id, ...(await signList(selected, list, key)), findings };
  });
}
