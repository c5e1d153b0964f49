import path from 'node:path';
import { auditBackup } from '../audit/audit.ts';
import { ARTIFACTS_FILE } from '../format/layout.ts';
import { readManifest } from '../format/manifest-file.ts';
import { isVersion1 } from '../format/version1.ts';
import { hashIfReadable } from '../fs/hash-file.ts';
import { pushTo } from '../history/push-copies.ts';
import { pushTargets, type PushTargets, type PushWanted } from '../history/push-targets.ts';
import { BackupError } from '../model/backup-error.ts';
import { copiesIn } from '../model/copies-in.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { PushReport } from '../model/push-report.ts';
import { startReport } from '../repository/report-head.ts';
import { listCopies, type Copy } from '../repository/remotes/list-copies.ts';
import { openRemote, type RemoteChoice } from '../repository/remotes/open-remote.ts';
import { isCopyOf } from '../repository/remotes/commit.ts';
import { localBackup, type LocalBackup } from '../repository/remotes/push-backup.ts';
import { isAsPrivate } from '../repository/remotes/select-copy.ts';
import { noneHere, requireRepository, selectBackup } from '../repository/select.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { ownBackups } from '../repository/whose.ts';

export interface PushOptions extends PushWanted {
  /** The backups, as a command line names them. Empty: the latest. */
  readonly selectors: readonly string[];
  /** Every migration backup of the project that a remote does not have, instead of these. */
  readonly missing: boolean;
  readonly cwd: string;
}

/**
 * Copies backups to remotes. Each backup is verified in full first. Throws NO_SUCH_REMOTE, NO_SUCH_BACKUP, BACKUP_DAMAGED (then nothing of that backup was
 * sent), CONFIRMATION_REQUIRED, LOCKED, INTERRUPTED, and with one remote its error.
 */
export async function push(project: Project, options: PushOptions, context: Context): Promise<PushReport> {
  const head = startReport(context);
  const selected = await choose(project, options, context);
  const targets = await pushTargets(project, options);
  const wanted = options.missing ? await missingIn(targets, selected, context) : selected;
  const backups: PushReport['backups'] = [];
  const findings: Finding[] = [];
  for (const one of wanted) {
    const { id, folder } = one;
    try {
      const backup = await verified(id, folder, context);
      const pushed = await pushTo(project, backup, targets, context);
      // With one remote there is nothing else to report.
      if (targets.choices.length === 1 && pushed.errors[0] !== undefined) throw pushed.errors[0];
      backups.push({ backupId: id, bytes: backup.bytes, copies: pushed.copies });
      findings.push(...pushed.findings);
    } finally {
      one.dispose();
    }
  }
  const { minCopies } = targets;
  const isEnough = backups.every(({ copies }) => copiesIn(copies) >= minCopies);
  return {
    ...head(),
    operation: 'push',
    root: project.root,
    repository: project.repository,
    status: isEnough ? 'complete' : 'partial',
    minCopies,
    backups,
    findings,
  };
}

async function choose(
  project: Project,
  { selectors, missing, cwd }: PushOptions,
  context: Context,
): Promise<SelectedBackup[]> {
  requireRepository(project.repository);
  if (missing) {
    const own = ownBackups(project).filter(({ kind, folder }) => kind === 'migration' && !isVersion1(folder));
    if (own.length === 0) throw noneHere(project.repository, 0);
    return own.map(({ id, folder }) => ({ id, folder, dispose() {} }));
  }
  const onNote = (message: string): void => context.onEvent?.({ type: 'note', message });
  const chosen: SelectedBackup[] = [];
  for (const selector of selectors.length === 0 ? ['latest'] : selectors)
    chosen.push(await selectBackup(project, selector, { cwd, onNote, keys: context.keys }));
  return [...new Map(chosen.map((one) => [one.id, one])).values()];
}

/** Those of which a remote has no copy of the content that is here. One that does not answer lacks them all, and the push says why. */
async function missingIn(
  { choices, insecure }: PushTargets,
  all: readonly SelectedBackup[],
  context: Context,
): Promise<SelectedBackup[]> {
  const lacking = new Set<string>();
  for (const choice of choices) {
    const there = Map.groupBy(await copiesThere(choice, insecure, context), ({ id }) => id);
    for (const { id, folder } of all) {
      const copies = (there.get(id) ?? []).filter(({ statement }) => isAsPrivate(choice, statement));
      const sha256 = copies.length === 0 ? '' : (hashIfReadable(path.join(folder, ARTIFACTS_FILE)) ?? '');
      if (!copies.some(({ statement }) => isCopyOf(statement, sha256))) lacking.add(id);
    }
  }
  return all.filter(({ id }) => lacking.has(id));
}

/** Empty if the remote does not answer. */
async function copiesThere(choice: RemoteChoice, insecure: boolean, context: Context): Promise<readonly Copy[]> {
  try {
    const remote = await openRemote(choice, insecure, context);
    try {
      return (await listCopies(remote)).copies;
    } finally {
      remote.close();
    }
  } catch (error) {
    if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
    return [];
  }
}

async function verified(id: string, folder: string, context: Context): Promise<LocalBackup> {
  const backup = localBackup(id, folder, readManifest(folder));
  const { status, findings } = await auditBackup(folder, id, { mode: 'full', artifactsSha256: backup.sha256 }, context);
  if (status !== 'FAILED') return backup;
  const [first] = findings.filter(({ severity }) => severity === 'error');
  throw new BackupError('BACKUP_DAMAGED', `${id} does not verify, so it was not pushed: ${first?.message ?? ''}`, {
    hint: `migbackup verify ${id} lists all that is wrong with it. Take a new one with migbackup create.`,
    path: folder,
    details: { findings },
  });
}
