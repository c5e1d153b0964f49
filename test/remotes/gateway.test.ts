import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { withReason } from '../support/skipped.ts';
import { clientOf, everything, makeBucket, owner, setPolicy, whyNoS3 } from './support/bucket.ts';

/* What the other tests take for granted of the gateway: a server that keeps less would let them pass and prove nothing. */
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

describe.skipIf(whyNoS3 !== null)(withReason('the gateway', whyNoS3), () => {
  const body = Buffer.from('content');

  test('stores the checksum that it has compared, and refuses a wrong one', async () => {
    const Bucket = await makeBucket('plain');
    const put = (ChecksumSHA256: string): Promise<unknown> =>
      owner.send(new PutObjectCommand({ Bucket, Key: 'a', Body: body, ChecksumAlgorithm: 'SHA256', ChecksumSHA256 }));
    await expect(put(sha256(Buffer.from('other')))).rejects.toThrow();
    expect((await everything(Bucket, '')).versions).toEqual([]);
    await put(sha256(body));
    const head = await owner.send(new HeadObjectCommand({ Bucket, Key: 'a', ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumSHA256).toBe(sha256(body));
  });

  test('keeps the lock and the checksum of an upload in parts, and deletes no version that is locked', async () => {
    const Bucket = await makeBucket('locked');
    const Key = 'parts';
    const until = new Date(Date.now() + 3_600_000);
    const { UploadId } = await owner.send(
      new CreateMultipartUploadCommand({
        Bucket,
        Key,
        ChecksumAlgorithm: 'SHA256',
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: until,
      }),
    );
    const Parts = [];
    for (const [index, size] of [5 << 20, 1].entries()) {
      const Body = Buffer.alloc(size, index);
      const part = { PartNumber: index + 1, ChecksumSHA256: sha256(Body) };
      const { ETag } = await owner.send(new UploadPartCommand({ Bucket, Key, UploadId, Body, ...part }));
      Parts.push({ ...part, ETag });
    }
    const { VersionId } = await owner.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    const head = await owner.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumSHA256).toMatch(/-2$/);
    expect(head.ObjectLockMode).toBe('GOVERNANCE');
    await expect(owner.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))).rejects.toThrow();
  });

  test('lets a user do what a policy allows, and nothing else', async () => {
    const Bucket = await makeBucket('plain');
    const pusher = clientOf('pusher');
    const put = (): Promise<unknown> => pusher.send(new PutObjectCommand({ Bucket, Key: 'a', Body: body }));
    await expect(put()).rejects.toThrow();
    await setPolicy(Bucket, [
      {
        Effect: 'Allow',
        Principal: { AWS: ['arn:aws:iam:::user/pusher'] },
        Action: ['s3:PutObject'],
        Resource: `arn:aws:s3:::${Bucket}/*`,
      },
    ]);
    await put();
    await expect(pusher.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))).rejects.toThrow();
  });
});
