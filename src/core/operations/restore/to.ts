import fs from 'node:fs';
import path from 'node:path';
import { readIndex } from '../../format/index-file.ts';
import { lstatOrNull, mkdirDurable, removeTree, renameDurable } from '../../fs/durable.ts';
import { requireSignature } from '../../protection/judge-signature.ts';
import type { SignerRule } from '../../protection/signer-rule.ts';
import { NameProbe } from '../../paths/name-probe.ts';
import { foldKey, isInside, realPathAsFar, STATE_FOLDER, toNative } from '../../paths/paths.ts';
import { wholeSync } from '../../fs/whole-sync.ts';
import { freeSpace } from '../../fs/space.ts';
import { BackupError } from '../../model/backup-error.ts';
import { fromSystemError } from '../../model/system-error.ts';
import type { Entry } from '../../model/entry.ts';
import type { Context } from '../../model/event.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { RestoreReport } from '../../model/restore-report.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { keepReport } from '../../repository/reports.ts';
import { INDEX_FILE, LOCK_FILE } from '../../format/layout.ts';
import { readManifest } from '../../format/manifest-file.ts';
import { TreeWriter } from '../../transaction/tree-writer.ts';
import { databasesAt } from '../../extract/selection.ts';
import { namedIn, selectEntries } from '../../scan/terms.ts';
import { startReport } from '../../repository/report-head.ts';
import { losesOwner, ownersNotSet, requireOwners } from '../../extract/owner.ts';
import { leftOverFinding } from '../../change/left-over-finding.ts';
import type { LeftOver } from '../../fs/left-over.ts';
import { removeDeadWork, workBeside } from './dead-work.ts';
import { PlacingSink } from '../../extract/placing-sink.ts';
import { proveRestoredDatabases } from '../../extract/prove-restored.ts';
import { verifyWhileStaging, type SelectionOptions } from '../../extract/verify-for-restore.ts';

export interface RestoreToOptions extends SelectionOptions {
  /** A folder that does not exist or is empty. */
  readonly to: string;
  /** Where the report goes, if anywhere. */
  readonly repository?: string | undefined;
  /** Who has to have signed the backup. */
  readonly signers?: SignerRule | undefined;
  /** Give everything its owner and group too; root only. */
  readonly owner?: boolean | undefined;
}

/**
 * Restores into a new folder. It is written beside the target and gets the target's name when every byte has been verified: until then, and
 * after an error, there is no target. Throws UNSAFE_TARGET, TARGET_NOT_EMPTY, BACKUP_DAMAGED, NO_SPACE, NOTHING_SELECTED.
 */
export async function restoreTo(
  backup: SelectedBackup,
  options: RestoreToOptions,
  context: Context,
): Promise<RestoreReport> {
  requireOwners(options.owner);
  const head = startReport(context);
  const selected = requireSignature(backup, options.signers, (context.now ?? (() => new Date()))());
  const target = realPathAsFar(options.to);
  refuseOurPlaces(target, selected.folder, options.repository);
  refuseOccupied(target);
  const left: LeftOver[] = [];
  for (const name of removeDeadWork(target, left))
    context.onEvent?.({ type: 'note', message: `removed ${name}, left by an interrupted run` });
  const manifest = readManifest(selected.folder);
  const { entries, bytes } = await sizeOf(selected.folder, manifest, options.only);
  checkRoom(target, bytes);
  const work = workBeside(target);
  const names = new NameProbe(`${work}.names`);
  let writer: TreeWriter | undefined;
  const before = lstatOrNull(target);
  try {
    mkdirDurable(path.dirname(target));
    fs.mkdirSync(work, { mode: 0o755 });
    writer = new TreeWriter(work, await wholeSync(work, entries), options.owner);
    const sink = new PlacingSink(writer, (entry) => toNative(work, entry.path));
    const foreign: string[] = [];
    const onWanted = (entry: Entry): void => {
      names.check(entry.path);
      if (options.owner !== true && losesOwner(entry)) foreign.push(entry.path);
    };
    const wanted = await verifyWhileStaging(selected, manifest, options, sink, onWanted, context);
    await writer.finish();
    await proveRestoredDatabases(
      manifest,
      work,
      `${work}.check`,
      (database) => wanted.hasDatabase(database.path),
      context,
    );
    renameDurable(work, target);
    const report: RestoreReport = {
      ...head(),
      operation: 'restore',
      backupId: selected.id,
      outcome: 'restored',
      mode: 'to',
      target,
      selection: [...options.only],
      plan: null,
      restored: sink.written,
      safetyBackup: null,
      checked: true,
      findings: [...ownersNotSet(foreign), ...left.map(leftOverFinding)],
      next: [],
      reportFile: null,
    };
    if (options.repository === undefined) return report;
    return keepReport(options.repository, selected.id, 'restore', report);
  } catch (error) {
    await writer?.abort();
    removeTree(work);
    // An empty folder was there before and was replaced: it has to be there again.
    if (before !== null && lstatOrNull(target) === null) fs.mkdirSync(target, Number(before.mode & 0o7777n));
    throw fromSystemError(error, 'the restore could not be written', target, 'Nothing was restored.');
  } finally {
    names.dispose();
  }
}

/** How much will be written, as the manifest states it or the index lists it: what either says is verified later. */
async function sizeOf(
  folder: string,
  manifest: Manifest,
  only: readonly string[],
): Promise<{ entries: number; bytes: number }> {
  if (only.length === 0) return { entries: manifest.index.entries, bytes: manifest.totals.bytes };
  const has = selectEntries(only, namedIn(manifest), databasesAt(manifest));
  const size = { entries: 0, bytes: 0 };
  try {
    for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
      for (const entry of batch) {
        if (!has(entry)) continue;
        size.entries++;
        size.bytes += entry.size;
      }
    }
  } catch (error) {
    // The verification says more about the damage than this error.
    if (!(error instanceof BackupError) || error.code !== 'BACKUP_DAMAGED') throw error;
  }
  return size;
}

/**
 * Refuses a repository and the state folder of a project: a later command would clean away what is put there, or take it for a part of a
 * backup. Paths are compared as the most forgiving file system would compare them.
 */
function refuseOurPlaces(target: string, backup: string, repository: string | undefined): void {
  const spelled = (folder: string): string => foldKey(realPathAsFar(folder).split(path.sep).join('/'));
  const place = spelled(target);
  const refuse = (what: string): never => {
    throw new BackupError('UNSAFE_TARGET', `${target} is in ${what}, and nothing can be restored into that`, {
      hint: 'Nothing was restored. Give a folder elsewhere.',
      path: target,
    });
  };
  if (place.split('/').includes(STATE_FOLDER)) refuse('the folder in which migbackup keeps unfinished work');
  // A backup that was given by its path has its own repository.
  const beside = path.dirname(backup);
  const others = lstatOrNull(path.join(beside, LOCK_FILE)) === null ? [backup] : [beside];
  for (const folder of [...(repository === undefined ? [] : [repository]), ...others])
    if (isInside(place, spelled(folder))) refuse('the folder of the backups');
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
