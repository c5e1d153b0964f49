import path from 'node:path';
import { IndexWriter, readIndex } from '../format/index-file.ts';
import { fsyncDir, lstatOrNull } from '../fs/durable.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { REPORTS_FOLDER } from '../format/layout.ts';
import { makeFolders } from '../repository/reports.ts';
import type { ChangePlan } from '../transaction/change.ts';

/**
 * The file beside the reports of a safety backup that lists what the restore created where nothing was. It is an index, so that undo can tell these
 * entries from later work.
 */
function createdPathsFile(repository: string, safetyId: string): string {
  return path.join(repository, REPORTS_FOLDER, safetyId, 'made.ndjson.zst');
}

/**
 * Records every entry that a restore is about to create where nothing was, before anything is changed. A record that cannot be written is only a
 * finding, because it must not block a restore.
 */
export async function recordCreatedPaths(
  repository: string,
  safetyId: string,
  changes: ChangePlan,
): Promise<Finding[]> {
  const file = createdPathsFile(repository, safetyId);
  try {
    makeFolders(repository, safetyId);
    await writeCreatedPaths(file, changes);
    return [];
  } catch (error) {
    const why = errnoOf(error);
    if (why === undefined) throw error;
    const message = `what this restore adds could not be recorded (${why}), so migbackup undo will not remove it`;
    return [{ code: 'made-not-recorded', severity: 'warning', message, path: file }];
  }
}

async function writeCreatedPaths(file: string, changes: ChangePlan): Promise<void> {
  const index = new IndexWriter(file);
  try {
    for (const unit of changes.units) {
      if (unit.old !== null) continue;
      for (const entry of changes.content.get(unit.n) ?? []) index.add(entry);
    }
    await index.finish();
    fsyncDir(path.dirname(file));
  } catch (error) {
    await index.abort();
    throw error;
  }
}

/** What was recorded, by path. A record that is missing or damaged counts as empty, and then undo removes nothing. */
export async function readCreatedPaths(repository: string, safetyId: string): Promise<Map<string, Entry>> {
  const made = new Map<string, Entry>();
  const file = createdPathsFile(repository, safetyId);
  if (lstatOrNull(file)?.isFile() !== true) return made;
  try {
    for await (const batch of readIndex(file)) for (const entry of batch) made.set(entry.path, entry);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    made.clear();
  }
  return made;
}
