import { hash as oneShotHash } from 'node:crypto';
import path from 'node:path';
import { markedNames } from '../../config/identity.ts';
import { atOnce } from '../../concurrency/at-once.ts';
import { ARTIFACTS_FILE, MANIFEST_FILE } from '../../format/layout.ts';
import { parseSums } from '../../format/sums.ts';
import { completenessOf } from '../../format/why-partial.ts';
import { isVersion1 } from '../../format/version1.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { openReader } from '../../fs/readable-file.ts';
import { readRegular } from '../../fs/regular-file.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { CopyObject, CopyStatement } from '../../model/copy-commit.ts';
import type { Manifest } from '../../model/manifest.ts';
import { escapeName } from '../../paths/names.ts';
import { signatureToCarry } from '../../protection/judge-signature.ts';
import type { Encryption, FileToSeal } from '../seal-files.ts';
import { contentOf, formatCommit, isCopyOf, tagOf } from './commit.ts';
import { resealedKeys } from './copy-keys.ts';
import { refOf } from './copy-objects.ts';
import { commitKey, dataKey, isArtifactName, objectKey, resealedName, signatureName } from './layout.ts';
import { listCopies, lockOf, type Copy } from './list-copies.ts';
import { forgetSeals, sealCopy } from './seal-copy.ts';
import { compareStored } from './stored-objects.ts';
import { alteredHere, totalBytes, type LocalFile, type Lock, type Remote } from './remote.ts';

const MAX_LIST_BYTES = 1 << 20;
const MAX_MANIFEST_BYTES = 64 << 20;
/** Each large one has four parts under way itself. */
const FILES_AT_ONCE = 2;
const LOCKS_AT_ONCE = 8;

/** A backup of this machine that is to be copied; its bytes were verified. */
export interface LocalBackup {
  readonly id: string;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly files: readonly LocalFile[];
  readonly bytes: number;
  /** Of its list of artifacts. */
  readonly sha256: string;
}

/** The files of a backup as its own list of artifacts has them, that list, and the signature if there is one. Throws BACKUP_DAMAGED, and USAGE for format version 1. */
export function localBackup(id: string, folder: string, manifest: Manifest): LocalBackup {
  if (isVersion1(folder))
    throw new BackupError('USAGE', `${id} has format version 1, which is not pushed`, {
      hint: 'Pack its folder as it is, with tar.',
      path: folder,
    });
  const list = path.join(folder, ARTIFACTS_FILE);
  // Read once: what is sent, and what it is encrypted with, go by the same bytes.
  const bytesOfList = readRegular(list, MAX_LIST_BYTES);
  const sha256 = oneShotHash('sha256', bytesOfList);
  const sums = [...parseSums(bytesOfList.toString('utf8'), ARTIFACTS_FILE), { path: ARTIFACTS_FILE, sha256 }];
  const files = sums.map((sum): LocalFile => {
    const file = path.join(folder, ...sum.path.split('/'));
    const stat = isArtifactName(sum.path) ? lstatOrNull(file) : null;
    if (stat?.isFile() !== true)
      throw new BackupError('BACKUP_DAMAGED', `${id}: ${escapeName(sum.path)} is missing or is not an artifact`, {
        hint: `migbackup verify ${id} lists all that is wrong with it.`,
        path: file,
      });
    const size = Number(stat.size);
    return { file, name: sum.path, size, sha256: sum.sha256, open: () => openReader(file) };
  });
  const signature = signatureToCarry({ id, folder });
  if (signature !== null) files.push({ ...signature, name: signatureName(id), open: () => openReader(signature.file) });
  const bytes = totalBytes(files);
  return { id, folder, manifest, files, bytes, sha256 };
}

export interface Pushed {
  readonly copy: Copy;
  /** `there`: the copy was there before. `extended`: so it was, and it is locked longer now. */
  readonly outcome: 'pushed' | 'there' | 'extended';
  readonly lock: Lock | null;
}

export interface PushHow {
  readonly lock: Lock | null;
  /** Lock a copy that is there as long as a new one would be. */
  readonly extendsLock: boolean;
  /** Null: the copy is the backup as it is. */
  readonly encryption: Encryption | null;
  readonly signal: AbortSignal | undefined;
  /** Signs the statement of a new commit. Throws KEY_UNUSABLE. */
  readonly sign?: ((statement: Buffer) => Promise<string>) | undefined;
  /** Told how many files and bytes of the backup are there, each time that more are. */
  readonly onProgress?: ((files: number, bytes: number) => void) | undefined;
}

/**
 * Copies a backup to a remote. Its objects are stored first, each with its SHA-256; then the commit, which makes the copy exist, and it is read back. What
 * is there already is not sent again, so a push that was cut off goes on where it stopped.
 */
export async function pushBackup(remote: Remote, backup: LocalBackup, how: PushHow): Promise<Pushed> {
  const { id } = backup;
  const { lock, extendsLock, encryption, onProgress } = how;
  const before = await findCopy(remote, backup, encryption);
  if (before !== undefined && (await isWhole(remote, before))) {
    if (encryption !== null) forgetSeals(remote.key, id);
    const isExtended = extendsLock && lock !== null && (await lockAll(remote, before, lock));
    return isExtended
      ? { copy: before, outcome: 'extended', lock }
      : { copy: before, outcome: 'there', lock: lockOf(before) };
  }
  const { tag, files } = await filesOf(remote, backup, encryption, before);
  const objects = Array.from<CopyObject>({ length: files.length });
  const done = { files: 0, bytes: 0 };
  await atOnce(FILES_AT_ONCE, files.entries(), async ([at, make]) => {
    const file = await make(how.signal);
    const onBytes = (more: number): void => onProgress?.(done.files, (done.bytes += more));
    const sent = await remote.send(objectKey(id, tag, file), file, { lock, onBytes });
    objects[at] = { name: file.name, size: file.size, sha256: file.sha256, ...sent };
    onProgress?.(++done.files, done.bytes);
  });
  const statement = statementOf(backup, tag, objects, how);
  if (before === undefined) {
    const signatures = how.sign === undefined ? [] : [await how.sign(Buffer.from(JSON.stringify(statement)))];
    await remote.putNew(commitKey(id, tag), formatCommit(statement, manifestBytes(backup), signatures), lock);
  }
  // Also where the answer was lost, or another pusher of the same content was first.
  const copy = await findCopy(remote, backup, encryption);
  if (copy !== undefined) {
    if (encryption !== null) forgetSeals(remote.key, id);
    if (lock !== null) await remote.lock({ key: commitKey(id, tag), versionId: copy.versionId }, lock);
    if (before !== undefined && !(await isWhole(remote, copy))) throw notMended(copy);
    return { copy, outcome: 'pushed', lock: lockOf(copy) };
  }
  throw new BackupError(
    'REMOTE_FAILED',
    `the commit of ${id} was written to ${escapeName(remote.place)}, but is not there`,
    {
      hint: 'Run the command again. If that stays so, do not use this server.',
      path: remote.place,
    },
  );
}

/** The tag of a new copy, and its files. */
async function filesOf(
  remote: Remote,
  { id, files, sha256 }: LocalBackup,
  encryption: Encryption | null,
  before: Copy | undefined,
): Promise<{ tag: string; files: readonly FileToSeal[] }> {
  if (encryption !== null) return sealCopy(remote.key, id, files, encryption);
  const tag = tagOf(sha256);
  // Where there is a commit, only what it names is sent again: a signature that was made since is not among it.
  const named = before?.statement.objects.map((object) => objectKey(id, tag, object));
  const sent = files.filter((file) => named?.includes(objectKey(id, tag, file)) ?? true);
  return { tag, files: sent.map((file) => () => Promise.resolve(file)) };
}

function statementOf(
  { id, folder, manifest, sha256 }: LocalBackup,
  tag: string,
  objects: CopyObject[],
  { lock, encryption }: PushHow,
): CopyStatement {
  const { id: project, remote, root, repository } = manifest.project;
  return {
    format: 1,
    id,
    kind: manifest.kind,
    project: encryption === null ? { id: project, remote, root, repository } : markedNames(manifest.project),
    completeness: completenessOf(manifest, folder),
    createdAt: manifest.createdAt,
    tag,
    lock: lock === null ? null : { mode: lock.mode, until: lock.until.toISOString() },
    encryption:
      encryption === null ? null : { recipients: [...encryption.fingerprints], content: contentOf(tag, sha256) },
    objects,
  };
}

/**
 * Whether a copy has every object that its commit states. A lock that its commit states and somebody took away is put back. Throws BACKUP_DAMAGED if an
 * object is gone that cannot take its place again: a commit names the version of each, the keys of an encrypted one are gone, and no push replaces a commit.
 */
async function isWhole(remote: Remote, copy: Copy): Promise<boolean> {
  const findings = await compareStored(remote, copy);
  const lock = lockOf(copy);
  if (findings.some(({ code }) => code === 'copy-altered')) {
    const { encryption, objects } = copy.statement;
    if (encryption !== null || objects.some(({ versionId }) => versionId !== null)) throw notMended(copy);
    return false;
  }
  if (findings.length > 0 && lock !== null && lock.until > remote.now()) await lockAll(remote, copy, lock);
  return true;
}

function notMended({ id, tag, place }: Copy): BackupError {
  return new BackupError('BACKUP_DAMAGED', `the copy ${escapeName(place)} is damaged, and pushing does not mend it`, {
    hint: `Take a new backup with migbackup create --push, or remove ${commitKey(id, tag)} there with all its versions and push again.`,
    path: place,
  });
}

/** The commit comes last, as when it was pushed. False if all of it was locked as long before. */
async function lockAll(remote: Remote, copy: Copy, lock: Lock): Promise<boolean> {
  const { id, tag, versionId, statement } = copy;
  // Only who may pass over a lock may change its mode, and a pusher may not.
  if (statement.lock?.mode === 'governance' && lock.mode === 'compliance')
    throw new BackupError('USAGE', `${id} in ${escapeName(remote.place)} has a governance lock, which stays one`, {
      hint: 'Set "mode" to governance in the config to make it longer. New copies may be locked by compliance.',
      path: copy.place,
    });
  let isLonger = false;
  await atOnce(LOCKS_AT_ONCE, statement.objects, async (object) => {
    if (await remote.lock(refOf(copy, object), lock)) isLonger = true;
  });
  if (statement.encryption !== null)
    for await (const { key, versionId: resealed } of resealedKeys(remote, copy))
      if (await remote.lock({ key, versionId: resealed }, lock)) isLonger = true;
  return (await remote.lock({ key: commitKey(id, tag), versionId }, lock)) || isLonger;
}

/** They are those that were stored. */
function manifestBytes({ files }: LocalBackup): Buffer {
  const file = files.find(({ name }) => name === MANIFEST_FILE);
  if (file === undefined) throw new Error('a backup has a manifest');
  const bytes = readRegular(file.file, MAX_MANIFEST_BYTES);
  if (oneShotHash('sha256', bytes) !== file.sha256) throw alteredHere(file);
  return bytes;
}

/**
 * The copy of this content, encrypted for the same keys or not at all. Throws BACKUP_DAMAGED if its commit is there and cannot be believed: a push could not
 * replace it.
 */
async function findCopy(
  remote: Remote,
  { id, sha256 }: LocalBackup,
  encryption: Encryption | null,
): Promise<Copy | undefined> {
  const { copies, bad } = await listCopies(remote, id);
  const wrong = encryption === null ? bad.find((one) => one.tag === tagOf(sha256)) : undefined;
  if (wrong === undefined) {
    const same = copies.filter(
      ({ statement }) => isCopyOf(statement, sha256) && (statement.encryption === null) === (encryption === null),
    );
    if (encryption === null) return same[0];
    const { fingerprints } = encryption;
    for (const copy of same) {
      if (copy.statement.encryption?.recipients.join(' ') === fingerprints.join(' ')) return copy;
      // Or it was sealed for them since.
      if ((await remote.head(dataKey(id, copy.tag, resealedName(fingerprints)))) !== null) return copy;
    }
    return undefined;
  }
  throw new BackupError('BACKUP_DAMAGED', `the commit of ${id} in ${escapeName(remote.place)} ${wrong.problem}`, {
    hint: 'Find out who wrote it. Remove it there with all its versions, then push again.',
    path: wrong.place,
  });
}
