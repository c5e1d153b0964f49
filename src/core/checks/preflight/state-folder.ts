import { BackupError } from '../../model/backup-error.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { assertRealState } from '../../transaction/state-folder.ts';

/** Our folder in the project is a folder: through a link, a restore would move things out of the project, so every command refuses. */
export function checkStateFolder(root: string): CheckResult {
  const about = { id: 'state-folder', group: 'project' } as const;
  try {
    assertRealState(root);
    return { ...about, status: 'ok', message: 'nothing stands in the place of .migbackup' };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    const paths = error.path === undefined ? [] : [error.path];
    return { ...about, status: 'critical', message: error.message, paths, recommendation: error.hint };
  }
}
