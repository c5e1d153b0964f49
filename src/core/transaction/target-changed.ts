import { BackupError } from '../model/backup-error.ts';
import { escapeName } from '../paths/names.ts';

export function targetChanged(relative: string): BackupError {
  return new BackupError(
    'TARGET_CHANGED',
    `${escapeName(relative)} was changed by something else while the restore was running`,
    {
      hint: 'Stop the process that writes there, then run the command again.',
      path: relative,
    },
  );
}
