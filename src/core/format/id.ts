export type BackupKind = 'migration' | 'safety';

const PATTERN = /^(migration|safety)-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})-(\d{3})Z$/;

/** The id of a backup made at this moment: `migration-2026-11-23T07-38-00-123Z` (UTC, `:` and `.` written as `-`). */
export function makeId(kind: BackupKind, at: Date): string {
  return `${kind}-${at.toISOString().replaceAll(/[:.]/g, '-')}`;
}

/** What an id says, or null if the text is not an id (for example because its date does not exist). */
export function parseId(id: string): { kind: BackupKind; time: Date } | null {
  const match = PATTERN.exec(id);
  if (match === null) return null;
  const [, kind, day, hour, minute, second, millisecond] = match;
  const time = new Date(`${day}T${hour}:${minute}:${second}.${millisecond}Z`);
  if (Number.isNaN(time.getTime())) return null;
  const parsed: BackupKind = kind === 'safety' ? 'safety' : 'migration';
  return makeId(parsed, time) === id ? { kind: parsed, time } : null;
}
