import { PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { BackupError } from '../../model/backup-error.ts';
import { escapeName } from '../../paths/names.ts';
import { holdsLock, type Head, type Lock, type Remote } from './remote.ts';
import type { S3Bucket } from './s3-client.ts';

/** As S3 writes it. */
export const modeOf = (lock: Lock) => (lock.mode === 'compliance' ? ('COMPLIANCE' as const) : ('GOVERNANCE' as const));

/**
 * Sees to it that an object is locked as is wanted. Some servers lose a lock that was given with an upload, and some answer 200 to a lock and keep none.
 * False if it was locked before.
 */
export async function keepLock(
  s3: S3Bucket,
  remote: Remote,
  key: string,
  head: Head,
  lock: Lock | null,
): Promise<boolean> {
  if (lock === null || holdsLock(head.lock, lock)) return false;
  const { versionId } = head;
  const input = {
    Bucket: s3.bucket,
    Key: s3.key(key),
    ...(versionId === null ? {} : { VersionId: versionId }),
    Retention: { Mode: modeOf(lock), RetainUntilDate: lock.until },
  };
  await s3.call('PutObjectRetention', (send, how) => send(new PutObjectRetentionCommand(input), how));
  const now = await remote.head(key, versionId);
  if (holdsLock(now?.lock ?? null, lock)) return true;
  throw new BackupError('REMOTE_FAILED', `${escapeName(s3.place)} keeps no lock of ${lock.mode} on what it stores`, {
    hint: 'Use a bucket that was made with object lock, or take "lock" out of the config of this remote.',
    path: s3.place,
  });
}
