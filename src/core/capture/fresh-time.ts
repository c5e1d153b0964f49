import fs from 'node:fs';
import path from 'node:path';
import { makeId, type BackupKind } from '../format/id.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { listBackups } from '../repository/catalog.ts';
import { manifestOf, Owner } from '../repository/whose.ts';

/** Two runs in one moment give two times that differ by as little. */
const TOLERANCE_MS = 1000;
/** A year of five digits makes no id. */
const LAST_MS = Date.UTC(9999, 0, 1);

/**
 * The time of a backup that is about to be made. It comes after that of every other one of this project and kind, also where the clock has run back: `latest` and
 * prune go by it. Two backups never share an id: the next free millisecond is taken.
 */
export function freshTime(
  project: Project,
  kind: BackupKind,
  context: Context,
  onFinding: (finding: Finding) => void,
): Date {
  const clock = (context.now ?? (() => new Date()))();
  const owner = new Owner(project);
  const newest = listBackups(project.repository).find(
    (ref) =>
      ref.kind === kind &&
      ref.time.getTime() >= clock.getTime() &&
      ref.time.getTime() < LAST_MS &&
      owner.owns(manifestOf(ref.folder).manifest, ref.folder),
  );
  let time = newest === undefined ? clock : new Date(newest.time.getTime() + 1);
  while (fs.existsSync(path.join(project.repository, makeId(kind, time)))) time = new Date(time.getTime() + 1);
  if (newest !== undefined && newest.time.getTime() - clock.getTime() > TOLERANCE_MS)
    onFinding({
      code: 'clock-behind',
      severity: 'warning',
      message: `by the clock it is ${clock.toISOString()}, which is before ${newest.id} was made; this backup has the time right after that one, so that it is the latest`,
      evidence: { backupId: newest.id, clock: clock.toISOString() },
      recommendation: 'Set the clock; if it is right, the other backup was made while it was ahead.',
    });
  return time;
}
