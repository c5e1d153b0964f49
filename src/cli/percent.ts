import { BackupError } from '../core/model/backup-error.ts';

/** `10%` or `10` -> 10. USAGE unless it lies in (0, 100]. */
export function parsePercent(word: string): number {
  const match = /^(\d+(?:\.\d+)?)%?$/.exec(word);
  const percent = Number(match?.[1]);
  if (!(percent > 0 && percent <= 100)) {
    throw new BackupError('USAGE', `--sample ${word} is not a percentage above 0 and up to 100`, {
      hint: 'For example: --sample 10%',
    });
  }
  return percent;
}
