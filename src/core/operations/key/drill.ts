import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { KEY_DRILL, keysNotDrilled, type Drill } from '../../checks/key-drills.ts';
import { readIndex } from '../../format/index-file.ts';
import { INDEX_FILE } from '../../format/layout.ts';
import { readManifest } from '../../format/manifest-file.ts';
import { MemberFiles } from '../../format/member-files.ts';
import { removeTree, writeAll } from '../../fs/durable.ts';
import { hashFile } from '../../fs/hash-file.ts';
import { recordOperation } from '../../history/operation-log.ts';
import { BackupError, throwIfInterrupted } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Entry } from '../../model/entry.ts';
import type { Context } from '../../model/event.ts';
import type { KeyDrillReport } from '../../model/key-report.ts';
import { fromSystemError } from '../../model/system-error.ts';
import { escapeName } from '../../paths/names.ts';
import { fingerprintsOf } from '../../protection/recipients.ts';
import { contentsOf, type CopyContents } from '../../repository/remotes/copy-contents.ts';
import { resealedName } from '../../repository/remotes/layout.ts';
import type { Copy } from '../../repository/remotes/list-copies.ts';
import { openPartly } from '../../repository/remotes/open-partly.ts';
import { chooseOnly, openRemote, recipientsFor, type RemoteChoice } from '../../repository/remotes/open-remote.ts';
import type { Remote } from '../../repository/remotes/remote.ts';
import { selectCopy } from '../../repository/remotes/select-copy.ts';
import { startReport } from '../../repository/report-head.ts';
import { Owner } from '../../repository/whose.ts';

export interface DrillOptions {
  readonly selector: string | undefined;
  /** A name in the config, or a URL. Undefined: the only remote of the config. */
  readonly remote: string | undefined;
  readonly copy: string | undefined;
  readonly insecure: boolean;
}

const CHUNK = 1 << 20;

/**
 * Opens an encrypted copy with the keys at hand, restores its smallest file that is not empty into a private scratch folder, compares that with the
 * index, and removes it. What opened is put in the operation log. Throws KEY_MISSING, KEY_UNUSABLE, BACKUP_DAMAGED, NOTHING_SELECTED, USAGE for a copy
 * that is not encrypted, NO_SUCH_REMOTE, NO_SUCH_BACKUP and the errors of a remote.
 */
export async function drillKey(project: Project, options: DrillOptions, context: Context): Promise<KeyDrillReport> {
  const head = startReport(context);
  const choice = chooseOnly(project.config, options.remote, 'Say which with --remote');
  const wanted = wantedRecipients(choice);
  const remote = await openRemote(choice, options.insecure, context);
  try {
    const onNote = (message: string): void => context.onEvent?.({ type: 'note', message });
    const copy = await selectCopy(remote, new Owner(project), {
      selector: options.selector ?? 'latest',
      copy: options.copy,
      from: choice,
      onNote,
      // After a rotation there are several copies, and the one for the keys of today is what has to open.
      prefers: ({ encryption }) =>
        encryption !== null && (wanted === null || encryption.recipients.join(' ') === wanted.join(' ')),
    });
    const recipients = copy.statement.encryption?.recipients;
    if (recipients === undefined) throw notEncrypted(copy, choice);
    context.onEvent?.({ type: 'phase-begin', phase: 'opening' });
    const { openedBy, file, keysName } = await openOne(remote, copy, context);
    // What was sealed for the recipients of the config since is in an object that has its name from them.
    const isResealed = wanted !== null && keysName === resealedName(wanted);
    const by = isResealed ? wanted : recipients;
    const drill: Drill = { remote: choice.name, place: choice.key, tag: copy.tag, recipients: by, openedBy };
    const findings = logDrill(project, copy.id, drill, context);
    const isLogged = findings.length === 0;
    const here = { place: choice.key, missing: false };
    return {
      ...head(),
      operation: KEY_DRILL,
      backupId: copy.id,
      remote: choice.name,
      place: copy.place,
      tag: copy.tag,
      recipients: by,
      openedBy,
      file,
      findings: [
        ...findings,
        // It may be a copy for other keys than the config names now.
        ...(isLogged ? await keysNotDrilled(project, [here]) : []),
      ],
    };
  } finally {
    remote.close();
  }
}

/** Fingerprints of those for whom the config has copies encrypted; null if it has not. */
function wantedRecipients(choice: RemoteChoice): string[] | null {
  const recipients = recipientsFor(choice);
  return recipients === null ? null : fingerprintsOf(recipients);
}

async function openOne(
  remote: Remote,
  copy: Copy,
  context: Context,
): Promise<Pick<CopyContents, 'openedBy' | 'keysName'> & { file: KeyDrillReport['file'] }> {
  const contents = await contentsOf(remote, copy, context.keys);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-'));
  const folder = path.join(scratch, copy.id);
  let forget = (): void => {};
  try {
    forget = await openPartly(copy, contents, folder);
    const entry = await smallest(folder, copy);
    await restoreTo(path.join(scratch, 'restored'), folder, entry, context);
    const { path: name, size: bytes, sha256 = '' } = entry;
    const { openedBy, keysName } = contents;
    return { openedBy, keysName, file: { path: name, bytes, sha256 } };
  } catch (error) {
    throw fromSystemError(error, 'the file could not be restored', scratch);
  } finally {
    forget();
    removeTree(scratch);
  }
}

/** An empty file would come back also from nothing. */
async function smallest(folder: string, { id, place }: Copy): Promise<Entry> {
  let found: Entry | undefined;
  for await (const batch of readIndex(path.join(folder, INDEX_FILE)))
    for (const entry of batch)
      if (entry.type === 'file' && entry.size > 0 && (found === undefined || entry.size < found.size)) found = entry;
  if (found !== undefined) return found;
  throw new BackupError('NOTHING_SELECTED', `${id} holds no file that has anything in it, so it proves no key`, {
    hint: 'Name another backup: migbackup key drill BACKUP',
    path: place,
  });
}

/** Throws BACKUP_DAMAGED unless what was written has the SHA-256 of the index. */
async function restoreTo(to: string, folder: string, entry: Entry, { signal }: Context): Promise<void> {
  const archive = readManifest(folder).categories[entry.category]?.archive;
  if (archive === undefined) throw differs(entry);
  const from = path.join(folder, archive.file);
  await MemberFiles.fetch(from, archive, [entry]);
  const content = new MemberFiles(from, archive);
  const fd = fs.openSync(to, 'wx', 0o600);
  try {
    const member = content.open(entry);
    for (let at = 0; at < member.size; at += CHUNK) {
      throwIfInterrupted(signal);
      writeAll(fd, member.read(at, CHUNK));
    }
  } finally {
    fs.closeSync(fd);
    content.close();
  }
  if (hashFile(to) !== entry.sha256) throw differs(entry);
}

function differs({ path: name }: Entry): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${escapeName(name)} is not what the index of the backup says`, {
    hint: 'Use another copy, and push this backup again from where it is whole.',
    path: name,
  });
}

function logDrill(project: Project, backupId: string, drill: Drill, context: Context) {
  const none = { planHash: null, safetyId: null, transactionId: null };
  const record = { operation: KEY_DRILL, backupId, ...none, exit: 0, drill };
  return recordOperation(project, record, context);
}

function notEncrypted({ id, place }: Copy, { name }: RemoteChoice): BackupError {
  return new BackupError('USAGE', `the copy of ${id} in ${escapeName(name)} is not encrypted, so it needs no key`, {
    hint: 'Have copies encrypted with "encryptTo" of the remote in the config (docs/keys.md), and push again.',
    path: place,
  });
}
