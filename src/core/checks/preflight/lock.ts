import path from 'node:path';
import { lstatOrNull } from '../../fs/durable.ts';
import { looking } from '../../paths/barred.ts';
import { STATE_FOLDER } from '../../paths/paths.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { LOCK_FILE } from '../../format/layout.ts';
import { acquireLock } from '../../repository/lock.ts';

/** Whether create and restore would get their locks now. A lock that nobody ever took is free, and none is made to find out. */
export function checkLock({ root, repository }: Project): CheckResult {
  const about = { id: 'lock', group: 'repository' } as const;
  for (const folder of [path.join(root, STATE_FOLDER), repository]) {
    const file = path.join(folder, LOCK_FILE);
    try {
      if (looking(file, 'it cannot be seen who is at work', () => lstatOrNull(file)) === null) continue;
      acquireLock(folder, 'validate').release();
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      const { message, hint } = error;
      return { ...about, status: 'critical', message, paths: [folder], recommendation: hint };
    }
  }
  return { ...about, status: 'ok', message: 'no other migbackup is at work' };
}
