import { createHash } from 'node:crypto';

export type BackupKind = 'migration' | 'safety';

const PATTERN = /^(migration|safety)-(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})-(\d{3})Z$/;
const PART = /^(migration-.+)-part-[0-9a-f]{8}$/;

/** The id of a backup made at this moment: `migration-2026-11-23T07-38-00-123Z` (UTC, `:` and `.` written as `-`). */
export function makeId(kind: BackupKind, at: Date): string {
  return `${kind}-${at.toISOString().replaceAll(/[:.]/g, '-')}`;
}

/** The id of a part of a backup: `<id of the backup>-part-<8 hex digits>`, which stand for the terms that selected it, so that another part has another id. */
export function makePartId(id: string, terms: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(terms)).digest('hex');
  return `${id}-part-${digest.slice(0, 8)}`;
}

/** The id of the backup that a part was taken from; null for a backup that is no part. */
export function wholeOf(id: string): string | null {
  return PART.exec(id)?.[1] ?? null;
}

/** What an id says, or null if the text is not an id (for example because its date does not exist). A part has the time of its backup. */
export function parseId(id: string): { kind: BackupKind; time: Date } | null {
  const whole = wholeOf(id) ?? id;
  const match = PATTERN.exec(whole);
  if (match === null) return null;
  const [, kind, day, hour, minute, second, millisecond] = match;
  const time = new Date(`${day}T${hour}:${minute}:${second}.${millisecond}Z`);
  if (Number.isNaN(time.getTime())) return null;
  const parsed: BackupKind = kind === 'safety' ? 'safety' : 'migration';
  return makeId(parsed, time) === whole ? { kind: parsed, time } : null;
}
