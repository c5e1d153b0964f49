import path from 'node:path';
import { mountsBelow, mountsInTheWay } from '../../checks/preflight/project.ts';
import type { Engine } from '../../databases/engine.ts';
import { engineOf } from '../../databases/engines.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { readIndex } from '../../format/index-file.ts';
import { INDEX_FILE } from '../../format/layout.ts';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Manifest } from '../../model/manifest.ts';
import { databasesOf } from '../../model/stated-databases.ts';
import { escapeName } from '../../paths/names.ts';
import { parentOf, STATE_FOLDER, toNative } from '../../paths/paths.ts';

/**
 * Throws UNSAFE_TARGET if it is known before the command that the way back would fail: because of a mount that no rename crosses, or of a database
 * that may or may not be in use. A database that is in use is no reason, because it may be closed by then.
 */
export async function refuseBarred(
  project: Project,
  { backupId, folder, categories }: { backupId: string; folder: string; categories: Manifest['categories'] },
): Promise<void> {
  const [mount] = mountsBelow(project.root).length === 0 ? [] : mountsInTheWay(project, await foldersOf(folder));
  if (mount !== undefined)
    throw barred(`${escapeName(mount)} is a mount point, and no rename crosses it`, mount, backupId);
  for (const { path: database, engine } of databasesOf({ categories })) {
    const why = await whyUnknown(engineOf(engine), toNative(project.root, database));
    if (why === null) continue;
    throw barred(`it cannot be told whether ${escapeName(database)} is in use: ${why}`, database, backupId);
  }
}

async function foldersOf(backup: string): Promise<Set<string>> {
  const folders = new Set<string>([STATE_FOLDER]);
  for await (const batch of readIndex(path.join(backup, INDEX_FILE)))
    for (const entry of batch) folders.add(entry.type === 'dir' ? entry.path : parentOf(entry.path));
  return folders;
}

async function whyUnknown(engine: Engine, place: string): Promise<string | null> {
  if (lstatOrNull(place) === null) return null;
  try {
    const { held, evidence } = await engine.whoHolds(place);
    return held === 'unknown' ? evidence : null;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

function barred(why: string, about: string, backupId: string): BackupError {
  return new BackupError('UNSAFE_TARGET', `the command was not run, because the way back would fail: ${why}`, {
    hint: `Correct that and run guard again, or give --on-failure keep to run the command without a way back. The backup ${backupId} stays.`,
    path: about,
    details: { backupId },
  });
}
