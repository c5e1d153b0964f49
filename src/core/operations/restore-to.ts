import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fsyncDir, lstatOrNull, removeTree } from '../fs/durable.ts';
import { realPathAsFar, toNative } from '../fs/paths.ts';
import { wholeSync } from '../fs/whole-sync.ts';
import { freeSpace } from '../fs/space.ts';
import { BackupError } from '../model/backup-error.ts';
import { fromSystemError } from '../model/system-error.ts';
import type { Context } from '../model/event.ts';
import type { RestoreReport } from '../model/restore-report.ts';
import type { Selected } from '../store/catalog.ts';
import { writeReport } from '../store/reports.ts';
import { startReport } from './report-head.ts';
import { ownersNotSet, requireOwners } from './restore/owner.ts';
import { proveRestoredStores } from './restore/prove-restored.ts';
import { trustBackup, type TrustOptions } from './restore/trust.ts';
import { writeEntries } from './restore/write-entries.ts';

export interface RestoreToOptions extends TrustOptions {
  /** A folder that does not exist or is empty. */
  readonly to: string;
  /** Where the report goes, if anywhere. */
  readonly store?: string | undefined;
  /** Give everything its owner and group too; root only. */
  readonly owner?: boolean | undefined;
}

/**
 * Restores into a new folder. It is written beside the target and gets the target's name when every byte has been verified: until then there
 * is no target, after an error there is none either. Throws TARGET_NOT_EMPTY, BACKUP_DAMAGED, NO_SPACE, NOTHING_SELECTED.
 */
export async function restoreTo(
  selected: Selected,
  options: RestoreToOptions,
  context: Context,
): Promise<RestoreReport> {
  requireOwners(options.owner);
  const head = startReport(context);
  const target = realPathAsFar(options.to);
  refuseOccupied(target);
  const { manifest, wanted } = await trustBackup(selected, options, context);
  const bytes = wanted.reduce((total, entry) => total + entry.size, 0);
  checkRoom(target, bytes);
  context.onEvent?.({ type: 'phase-begin', phase: 'restoring', files: wanted.length, bytes });
  const categories = new Set(wanted.map((entry) => entry.category));
  const take = new Set(wanted.map((entry) => entry.path));
  const work = path.join(path.dirname(target), `.${path.basename(target)}.migbackup-${randomBytes(4).toString('hex')}`);
  try {
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.mkdirSync(work, { mode: 0o755 });
    const place = (entry: { path: string }): string | null =>
      take.has(entry.path) ? toNative(work, entry.path) : null;
    const everything = options.only.length === 0;
    const syncAll = await wholeSync(work, wanted.length);
    const restored = await writeEntries(
      { folder: selected.folder, manifest, place, categories, everything, syncAll, owner: options.owner },
      context,
    );
    await proveRestoredStores(manifest, work, `${work}.check`, (store) => take.has(`${store}/CURRENT`), context);
    fs.renameSync(work, target);
    fsyncDir(path.dirname(target));
    const report: RestoreReport = {
      ...head(),
      operation: 'restore',
      backupId: selected.id,
      outcome: 'restored',
      mode: 'to',
      target,
      selection: [...options.only],
      plan: null,
      restored,
      safetyBackup: null,
      checked: true,
      findings: options.owner === true ? [] : ownersNotSet(wanted),
      next: [],
      reportFile: null,
    };
    if (options.store === undefined) return report;
    return { ...report, reportFile: writeReport(options.store, selected.id, 'restore', report).file };
  } catch (error) {
    removeTree(work);
    throw fromSystemError(error, 'the restore could not be written', target, 'Nothing was restored.');
  }
}

function refuseOccupied(target: string): void {
  const stat = lstatOrNull(target);
  if (stat === null) return;
  if (stat.isDirectory() && fs.readdirSync(target).length === 0) return;
  throw new BackupError('TARGET_NOT_EMPTY', `${target} exists and is not an empty folder`, {
    hint: 'Give a folder that does not exist yet, or an empty one.',
    path: target,
  });
}

function checkRoom(target: string, bytes: number): void {
  const free = freeSpace(target);
  if (free.bytes >= BigInt(bytes)) return;
  throw new BackupError('NO_SPACE', `not enough space to restore: ${free.bytes} bytes are free, ${bytes} are needed`, {
    hint: 'Free some space or choose another folder.',
    path: target,
  });
}
