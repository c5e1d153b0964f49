import fs from 'node:fs';
import path from 'node:path';
import { makeId, type BackupKind } from '../format/id.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { listBackups } from '../repository/catalog.ts';
import { manifestOf, Owner } from '../repository/whose.ts';

/** Two runs at almost the same moment may differ by this much, which says nothing about the clock. */
const TOLERANCE_MS = 1000;
/** An id has no room for a year of five digits. */
const LAST_MS = Date.UTC(9999, 0, 1);

/**
 * The time of a backup that is about to be made. It is later than the time of every other backup of this project and kind, even if the clock has gone
 * backwards, because `latest` and prune go by it. Two backups never share an id: the next free millisecond is taken.
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
      message: `the clock says ${clock.toISOString()}, which is before ${newest.id} was made; this backup gets the time right after that one, so that it is the latest`,
      evidence: { backupId: newest.id, clock: clock.toISOString() },
      recommendation: 'Set the clock. If it is right, the other backup was made while the clock was ahead.',
    });
  return time;
}
