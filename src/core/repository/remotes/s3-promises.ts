import { createHash, randomBytes } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { BackupError } from '../../model/backup-error.ts';
import { CHECKS_PREFIX } from './layout.ts';
import { readAll, type Lock, type Remote, type TriedPromise, type Version } from './remote.ts';
import type { S3Bucket } from './s3-client.ts';
import { statusOf } from './s3-errors.ts';
import { modeOf } from './s3-lock.ts';
import { writtenAs } from './s3-upload.ts';

/** How long the lock of an object that is only a try lasts. */
const TRY_LOCK_MS = 60_000;

/** Tries what a bucket keeps, with these very credentials. What may be removed afterwards is removed. */
export async function tryS3(s3: S3Bucket, remote: Remote, mode: Lock['mode'] | null): Promise<TriedPromise[]> {
  const base = `${CHECKS_PREFIX}${randomBytes(8).toString('hex')}/`;
  const tried = [
    ...(await tryWrites(s3, remote, `${base}written`)),
    await tryRace(remote, `${base}raced`),
    ...(mode === null ? [] : await tryLock(s3, remote, `${base}locked`, mode)),
  ];
  return [...tried, await tryDelete(remote, base)];
}

/** Whether it stores our SHA-256, and whether an overwritten version stays. */
async function tryWrites(s3: S3Bucket, remote: Remote, key: string): Promise<TriedPromise[]> {
  const [first, second] = [Buffer.from('first'), Buffer.from('second')];
  await put(s3, key, first, null);
  const head = await remote.head(key);
  const isStored = head?.checksum === checksumOf(first);
  await put(s3, key, second, null);
  const all = await versionsOf(remote, key);
  const oldest = all.at(-1);
  const kept = all.length > 1 && oldest !== undefined ? (await readAll(remote, oldest)).toString() : '';
  return [
    {
      promise: 'checksums',
      held: isStored ? 'yes' : 'no',
      evidence: isStored ? 'it stores the SHA-256 of an object' : 'it stores no SHA-256, so verify reads everything',
    },
    {
      promise: 'versions',
      held: kept === 'first' ? 'yes' : 'no',
      evidence: kept === 'first' ? 'an overwritten version stays' : 'what is overwritten is lost',
    },
  ];
}

/** Two writers of one new object at once: one must lose. No promise of ours depends on it. */
async function tryRace(remote: Remote, key: string): Promise<TriedPromise> {
  const ends = await Promise.all(['one', 'two'].map((text) => remote.putNew(key, Buffer.from(text), null)));
  const winners = ends.filter((end) => end === 'written').length;
  return {
    promise: 'exclusive-writes',
    held: winners === 1 ? 'yes' : 'no',
    evidence:
      winners === 1
        ? 'of two writers of one object, one was refused'
        : 'two writers wrote one object at once, which no copy depends on',
  };
}

async function tryLock(s3: S3Bucket, remote: Remote, key: string, mode: Lock['mode']): Promise<TriedPromise[]> {
  const until = new Date(Math.ceil((remote.now().getTime() + TRY_LOCK_MS) / 1000) * 1000);
  const refused = await put(s3, key, Buffer.from('locked'), { mode, until }).then(
    () => null,
    (error: unknown) => error,
  );
  if (refused !== null) {
    if (!(refused instanceof BackupError) || refused.code === 'REMOTE_UNREACHABLE') throw refused;
    return [{ promise: 'locks', held: 'no', evidence: `it refuses an object with a lock (${refused.message})` }];
  }
  const head = await remote.head(key);
  const holds = head?.lock?.mode === mode && head.lock.until >= until;
  const [version] = await versionsOf(remote, key);
  if (!holds || version === undefined)
    return [{ promise: 'locks', held: 'no', evidence: 'it accepts a lock and keeps none' }];
  const removed = await remote.remove(version).catch(ifDenied);
  const bypassed = await endsEarly(s3, key, version, mode);
  return [
    {
      promise: 'locks',
      held: removed === 'removed' ? 'no' : 'yes',
      evidence: removed === 'removed' ? 'a locked version was deleted' : 'a locked version could not be deleted',
    },
    {
      promise: 'no-early-end-of-lock',
      held: bypassed === null ? 'yes' : 'no',
      evidence: bypassed ?? 'these credentials can neither shorten a lock nor pass over it',
    },
  ];
}

/** What these credentials did to a lock before its end; null if nothing worked. */
async function endsEarly(
  s3: S3Bucket,
  name: string,
  { versionId }: Version,
  mode: Lock['mode'],
): Promise<string | null> {
  const about = { Bucket: s3.bucket, Key: s3.key(name), ...(versionId === null ? {} : { VersionId: versionId }) };
  const sooner = new Date(s3.now().getTime() + TRY_LOCK_MS / 4);
  const Retention = { Mode: modeOf({ mode, until: sooner }), RetainUntilDate: sooner };
  for (const BypassGovernanceRetention of [false, true]) {
    const input = { ...about, Retention, BypassGovernanceRetention };
    const shortened = await s3
      .call('PutObjectRetention', (send, how) => send(new PutObjectRetentionCommand(input), how))
      .then(() => true, isDenied);
    if (shortened) return 'these credentials can shorten a lock';
  }
  const input = { ...about, BypassGovernanceRetention: true };
  const deleted = await s3
    .call('DeleteObject', (send, how) => send(new DeleteObjectCommand(input), how))
    .then(() => true, isDenied);
  return deleted ? 'these credentials can delete what is locked' : null;
}

/** Removes what the tries left, which says whether these credentials can delete. */
async function tryDelete(remote: Remote, base: string): Promise<TriedPromise> {
  const promise = 'no-delete-by-these-credentials';
  let isDone = false;
  for await (const version of remote.versions(base)) {
    const end = await remote.remove(version).catch(ifDenied);
    if (end === 'denied') return { promise, held: 'yes', evidence: 'these credentials cannot delete a version' };
    if (end === 'removed') isDone = true;
  }
  const evidence = isDone ? 'these credentials can delete versions that have no lock' : 'nothing was there to delete';
  return { promise, held: isDone ? 'no' : 'unknown', evidence };
}

async function put(s3: S3Bucket, name: string, bytes: Buffer, lock: Lock | null): Promise<void> {
  const about = { Bucket: s3.bucket, Key: s3.key(name), Body: bytes, ContentLength: bytes.length };
  const input = { ...about, ...writtenAs(s3, checksumOf(bytes), lock) };
  await s3.call('PutObject', (send, how) => send(new PutObjectCommand(input), how));
}

function checksumOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64');
}

async function versionsOf(remote: Remote, key: string): Promise<Version[]> {
  const all: Version[] = [];
  for await (const version of remote.versions(key)) if (version.key === key && !version.isMarker) all.push(version);
  return all;
}

function ifDenied(error: unknown): 'denied' {
  if (error instanceof BackupError && error.code === 'REMOTE_DENIED') return 'denied';
  throw error;
}

/** False if the server refused it; any other error is thrown. */
function isDenied(error: unknown): false {
  const status = error instanceof BackupError ? statusOf(error.cause) : undefined;
  if (status !== undefined && status >= 400 && status < 500) return false;
  throw error;
}
