import { BackupError } from '../core/model/backup-error.ts';

const HOUR_MS = 3_600_000;
const UNITS: Readonly<Record<string, number>> = {
  h: HOUR_MS,
  d: 24 * HOUR_MS,
  w: 7 * 24 * HOUR_MS,
  y: 365 * 24 * HOUR_MS,
};

/** `30d`, `12h`, `1y6w` -> milliseconds. Throws USAGE for anything else. */
export function parseDuration(text: string, flag: string): number {
  if (!/^(\d{1,6}[hdwy])+$/.test(text)) {
    throw new BackupError('USAGE', `${flag} ${text} is not a length of time`, {
      hint: `Give a number with h (hours), d (days), w (weeks) or y (years), such as ${flag} 30d.`,
    });
  }
  return [...text.matchAll(/(\d+)([hdwy])/g)].reduce(
    (total, [, n, unit]) => total + Number(n) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}
