import path from 'node:path';
import { auditBackup } from '../audit/audit.ts';
import { ARTIFACTS_FILE, PARTIAL_PREFIX } from '../format/layout.ts';
import { fsyncDir, lstatOrNull, removeTree, renameDurable, writeFileDurable } from '../fs/durable.ts';
import { giveFolderToOwner } from '../fs/folder-owner.ts';
import { hashIfReadable } from '../fs/hash-file.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { PullReport } from '../model/pull-report.ts';
import { fromSystemError } from '../model/system-error.ts';
import { escapeName } from '../paths/names.ts';
import { startReport } from '../repository/report-head.ts';
import { fetchSignature } from '../repository/remotes/copy-objects.ts';
import { signatureName } from '../repository/remotes/layout.ts';
import type { Copy } from '../repository/remotes/list-copies.ts';
import { fetchAll } from '../repository/remotes/open-copy.ts';
import { chooseOnly, openRemote } from '../repository/remotes/open-remote.ts';
import { isCopyOf } from '../repository/remotes/commit.ts';
import { totalBytes, type Remote } from '../repository/remotes/remote.ts';
import { selectCopy } from '../repository/remotes/select-copy.ts';
import { Owner } from '../repository/whose.ts';
import { withLocks } from '../repository/with-locks.ts';

export interface PullOptions {
  readonly selector: string | undefined;
  /** A name in the config, or a URL. Undefined: the only remote of the config. */
  readonly remote: string | undefined;
  readonly copy: string | undefined;
  readonly insecure: boolean;
}

/**
 * Brings a copy into the repository, where it is a backup like any other. It has no name until all of it is here, hashed and durable; a run that was cut
 * off goes on where it stopped. Throws NO_SUCH_REMOTE, NO_SUCH_BACKUP, BACKUP_DAMAGED, TARGET_NOT_EMPTY, NO_SPACE, LOCKED and the errors of a remote.
 */
export async function pull(project: Project, options: PullOptions, context: Context): Promise<PullReport> {
  const head = startReport(context);
  const choice = chooseOnly(project.config, options.remote, 'Say which with --remote');
  const remote = await openRemote(choice, options.insecure, context);
  try {
    const onNote = (message: string): void => context.onEvent?.({ type: 'note', message });
    const wanted = { selector: options.selector ?? 'latest', copy: options.copy, from: choice, onNote };
    const copy = await selectCopy(remote, new Owner(project), wanted);
    const outcome = await withLocks(project, 'pull', () => bring(project, remote, copy, context));
    const { statement, place, tag } = copy;
    return {
      ...head(),
      operation: 'pull',
      backupId: copy.id,
      folder: path.join(project.repository, copy.id),
      outcome,
      remote: choice.name,
      place,
      tag,
      completeness: statement.completeness,
      bytes: totalBytes(statement.objects),
      findings: [],
    };
  } finally {
    remote.close();
  }
}

async function bring(project: Project, remote: Remote, copy: Copy, context: Context): Promise<'pulled' | 'there'> {
  const { repository } = project;
  const final = path.join(repository, copy.id);
  if (lstatOrNull(final) !== null) {
    const outcome = await sameAs(final, copy, context);
    await bringSignature(remote, copy, final, context);
    return outcome;
  }
  const work = path.join(repository, PARTIAL_PREFIX + copy.id);
  if (lstatOrNull(work)?.isDirectory() === false) removeTree(work);
  try {
    await fetchAll(remote, copy, work, context);
    giveFolderToOwner(work);
    giveFolderToOwner(path.join(work, 'checksums'));
    await requireWhole(copy, work, context);
    fsyncDir(work);
    await bringSignature(remote, copy, final, context);
    renameDurable(work, final);
  } catch (error) {
    throw fromSystemError(
      error,
      `${copy.id} could not be pulled`,
      work,
      'What is here is kept, and the next run goes on.',
    );
  }
  return 'pulled';
}

/** Before the backup has its name, so that one which is signed is never seen without. A signature that is there stays. */
async function bringSignature(remote: Remote, copy: Copy, folder: string, context: Context): Promise<void> {
  const file = path.join(path.dirname(folder), signatureName(copy.id));
  if (lstatOrNull(file) !== null) return;
  const bytes = await fetchSignature(remote, copy, context);
  if (bytes !== null) writeFileDurable(file, bytes);
}

/** Throws TARGET_NOT_EMPTY if the repository has something else by this name, or this with less in it. */
async function sameAs(folder: string, { id, statement, place }: Copy, context: Context): Promise<'there'> {
  const refused = (what: string): BackupError =>
    new BackupError('TARGET_NOT_EMPTY', what, {
      hint: 'Move that folder away, or pull into another repository with --backups DIR.',
      path: folder,
    });
  const sha256 = hashIfReadable(path.join(folder, ARTIFACTS_FILE));
  if (sha256 === null || !isCopyOf(statement, sha256))
    throw refused(`the repository has another backup called ${id} than ${escapeName(place)}`);
  const { status, findings } = await auditBackup(folder, id, { mode: 'full' }, context);
  if (status !== 'FAILED') return 'there';
  const [first] = findings.filter(({ severity }) => severity === 'error');
  throw refused(`the repository has ${id} already, and it is damaged: ${first?.message ?? ''}`);
}

/** The bytes are those that were pushed; this looks at whether they are a backup. */
async function requireWhole({ id, place }: Copy, folder: string, context: Context): Promise<void> {
  const { status, findings } = await auditBackup(folder, id, { mode: 'quick' }, context);
  if (status !== 'FAILED') return;
  removeTree(folder);
  const [first] = findings.filter(({ severity }) => severity === 'error');
  throw new BackupError(
    'BACKUP_DAMAGED',
    `the copy ${escapeName(place)} is not a whole backup: ${first?.message ?? ''}`,
    {
      hint: 'Use another copy. Nothing was added to the repository.',
      path: place,
      details: { findings },
    },
  );
}
