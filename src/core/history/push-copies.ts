import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { readManifest } from '../format/manifest-file.ts';
import { mkdirDurable } from '../fs/durable.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { PushedCopy } from '../model/push-report.ts';
import { shellLine } from '../model/shell-quote.ts';
import { escapeName } from '../paths/names.ts';
import { COMMIT_NAMESPACE } from '../format/layout.ts';
import { acquireLock, type Lock as HeldLock } from '../repository/lock.ts';
import { pushedCopies } from '../repository/pushed-copies.ts';
import { machineFolder } from '../repository/remotes/machine-folder.ts';
import { lockFor, openRemote, recipientsFor, type RemoteChoice } from '../repository/remotes/open-remote.ts';
import { signatureOf, tagOf } from '../repository/remotes/commit.ts';
import { signatureName } from '../repository/remotes/layout.ts';
import { encryptionFor } from '../repository/seal-files.ts';
import { localBackup, pushBackup, type LocalBackup } from '../repository/remotes/push-backup.ts';
import type { Remote } from '../repository/remotes/remote.ts';
import { recordOperation } from './operation-log.ts';
import type { PushTargets } from './push-targets.ts';

/** A backup that was just taken and proven. */
interface TakenBackup {
  readonly backupId: string;
  readonly folder: string;
  /** SHA-256 of the list that was proven. */
  readonly artifactsSha256: string;
}

export interface PushedTo {
  readonly copies: PushedCopy[];
  readonly findings: Finding[];
  /** What failed, in the order of the remotes. */
  readonly errors: BackupError[];
}

/**
 * Copies a backup that was just taken and proven. Throws as `pushTo`.
 * @param folder of the backup
 */
export function pushTaken(
  project: Project,
  { backupId, folder, artifactsSha256 }: TakenBackup,
  targets: PushTargets,
  context: Context,
): Promise<PushedTo> {
  const backup = localBackup(backupId, folder, readManifest(folder));
  if (backup.sha256 === artifactsSha256) return pushTo(project, backup, targets, context);
  throw new BackupError('BACKUP_DAMAGED', `${backupId} was changed after it was proven, and was not pushed`, {
    hint: 'Find out who changed it, and take another backup.',
    path: folder,
  });
}

/**
 * Copies one verified backup to each remote, and logs each copy that the log does not have. If a remote fails, the others still get theirs. Throws LOCKED if another push
 * of this backup is at work on this machine, and INTERRUPTED.
 */
export async function pushTo(
  project: Project,
  backup: LocalBackup,
  targets: PushTargets,
  context: Context,
): Promise<PushedTo> {
  const copies: PushedCopy[] = [];
  const findings: Finding[] = [];
  const errors: BackupError[] = [];
  const lock = lockPush(project, backup.id);
  try {
    for (const choice of targets.choices) {
      try {
        const { copy, lacksSignature } = await pushToOne(choice, targets, backup, context);
        copies.push(copy);
        if (copy.outcome === 'extended' || !isLogged(project, backup, copy, choice))
          findings.push(...logPush(project, backup, copy, choice, context));
        if (choice.settings.lock !== undefined && copy.lock === null) findings.push(withoutLock(choice, backup));
        if (lacksSignature) findings.push(withoutSignature(choice, backup));
      } catch (error) {
        if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
        errors.push(error);
        copies.push(failed(choice, backup, error));
        findings.push(notPushed(choice, backup, error));
      }
    }
  } finally {
    lock?.release();
  }
  return { copies, findings, errors };
}

async function pushToOne(
  choice: RemoteChoice,
  { insecure, extendsLock, keys }: PushTargets,
  backup: LocalBackup,
  context: Context,
): Promise<{ readonly copy: PushedCopy; readonly lacksSignature: boolean }> {
  const remote: Remote = await openRemote(choice, insecure, context);
  try {
    const { files, bytes } = backup;
    context.onEvent?.({ type: 'phase-begin', phase: 'pushing', files: files.length, bytes });
    const recipients = recipientsFor(choice);
    const { copy, outcome, lock } = await pushBackup(remote, backup, {
      lock: lockFor(choice, remote.now()),
      extendsLock,
      encryption: recipients === null ? null : encryptionFor(recipients, context.keys ?? {}),
      signal: context.signal,
      sign: signWith(keys.get(choice)),
      onProgress: (done, sent) => context.onEvent?.({ type: 'progress', files: done, bytes: sent }),
    });
    const pushed: PushedCopy = {
      remote: choice.name,
      place: choice.place,
      outcome,
      tag: copy.tag,
      signatures: copy.signed?.signatures.length ?? 0,
      lock: lock === null ? null : { mode: lock.mode, until: lock.until.toISOString() },
      encryptedFor: copy.statement.encryption?.recipients ?? null,
      error: null,
    };
    const isSigned = files.some(({ name }) => name === signatureName(backup.id));
    return { copy: pushed, lacksSignature: isSigned && signatureOf(copy.statement) === undefined };
  } finally {
    remote.close();
  }
}

function signWith(key: string | undefined): ((statement: Buffer) => Promise<string>) | undefined {
  if (key === undefined) return undefined;
  return async (statement) => {
    const { signMessage } = await import('../protection/sign.ts');
    return signMessage(key, statement, COMMIT_NAMESPACE);
  };
}

function failed({ name, place, settings }: RemoteChoice, { sha256 }: LocalBackup, error: BackupError): PushedCopy {
  const tag = settings.encryptTo === undefined ? tagOf(sha256) : null;
  const { code, message, hint } = error;
  const none = { tag, signatures: 0, lock: null, encryptedFor: null };
  return { remote: name, place, outcome: 'failed', ...none, error: { code, message, hint } };
}

function notPushed({ name, place }: RemoteChoice, { id }: LocalBackup, error: BackupError): Finding {
  return {
    code: 'copy-not-pushed',
    severity: 'error',
    message: `${id} is not in ${escapeName(name)}: ${error.message}`,
    path: place,
    recommendation: error.hint,
  };
}

/** It was pushed before the config asked for a lock. */
function withoutLock({ name, place }: RemoteChoice, { id }: LocalBackup): Finding {
  return {
    code: 'copy-not-locked',
    severity: 'warning',
    message: `${id} in ${escapeName(name)} has no lock, although the config asks for one now`,
    path: place,
    recommendation: `Run ${shellLine(['migbackup', 'push', id, '--remote', name, '--extend-lock'])} to lock it.`,
  };
}

/** It was pushed before it was signed, and no commit is written anew. */
function withoutSignature({ name, place }: RemoteChoice, { id }: LocalBackup): Finding {
  return {
    code: 'copy-without-signature',
    severity: 'warning',
    message: `${id} was pushed to ${escapeName(name)} before it was signed, and counts as unsigned on other machines`,
    path: place,
    recommendation: 'Run migbackup create --sign KEY --push for a copy that is signed.',
  };
}

/** A copy that another machine pushed is logged too, once. */
function isLogged({ repository }: Project, { id }: LocalBackup, { tag }: PushedCopy, { key }: RemoteChoice): boolean {
  return pushedCopies(repository).some((one) => one.backupId === id && one.place === key && one.tag === tag);
}

function logPush(
  project: Project,
  backup: LocalBackup,
  { remote, tag, lock }: PushedCopy,
  { key: place }: RemoteChoice,
  context: Context,
): Finding[] {
  const record = {
    operation: 'push',
    backupId: backup.id,
    planHash: null,
    safetyId: null,
    transactionId: null,
    exit: 0,
    copy: { remote, place, tag, lockedUntil: lock?.until ?? null },
  };
  return recordOperation(project, record, context);
}

/** Null for a user without a home: two pushes of one backup do no harm, they only send it twice. */
function lockPush({ repository }: Project, id: string): HeldLock | null {
  const state = machineFolder('state');
  if (state === null) return null;
  const name = createHash('sha256').update(`${repository}\0${id}`).digest('hex').slice(0, 32);
  const folder = path.join(state, `push-${name}`);
  mkdirDurable(folder, 0o700);
  try {
    const lock = acquireLock(folder, 'push');
    return {
      release() {
        lock.release();
        fs.rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'LOCKED') throw error;
    throw new BackupError('LOCKED', `another push of ${id} is at work on this machine`, {
      hint: 'Wait until it has finished, then run the command again. A killed process holds no lock.',
      path: folder,
      cause: error,
    });
  }
}
