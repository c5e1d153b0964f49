import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
  type DeleteMarkerEntry,
  type ObjectVersion,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { keysOf, type User } from '../../servers/s3/gateway.ts';

const server = inject('s3');

/** Why tests with S3 are skipped; null if the gateway is there. */
export const whyNoS3: string | null = 'reason' in server ? server.reason : null;
export const gatewayEndpoint = 'endpoint' in server ? server.endpoint : '';

export function clientOf(user: User): S3Client {
  return new S3Client({
    endpoint: gatewayEndpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: keysOf(user),
  });
}

/** Who owns every bucket. */
export const owner = clientOf('owner');

export const BUCKET_KINDS = ['plain', 'versioned', 'locked'] as const;
export type BucketKind = (typeof BUCKET_KINDS)[number];

/** A new bucket of the owner's, empty. @returns its name */
export async function makeBucket(kind: BucketKind): Promise<string> {
  const Bucket = `${kind}-${randomBytes(6).toString('hex')}`;
  await owner.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: kind === 'locked' }));
  if (kind === 'versioned')
    await owner.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  return Bucket;
}

/** @param statements of users other than the owner, who may do everything with whoever's objects, as in a bucket of AWS */
export async function setPolicy(bucket: string, statements: readonly object[]): Promise<void> {
  const own = {
    Effect: 'Allow',
    Principal: { AWS: ['arn:aws:iam:::user/owner'] },
    Action: ['s3:*'],
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [own, ...statements] });
  await owner.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}

interface Listing {
  readonly versions: readonly ObjectVersion[];
  readonly markers: readonly DeleteMarkerEntry[];
}

/** Everything below a prefix, page by page, newest first within a key. */
export async function everything(bucket: string, prefix: string): Promise<Listing> {
  const versions: ObjectVersion[] = [];
  const markers: DeleteMarkerEntry[] = [];
  for (let KeyMarker: string | undefined, VersionIdMarker: string | undefined; ;) {
    const page = await owner.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, KeyMarker, VersionIdMarker }),
    );
    versions.push(...(page.Versions ?? []));
    markers.push(...(page.DeleteMarkers ?? []));
    if (page.IsTruncated !== true) return { versions, markers };
    KeyMarker = page.NextKeyMarker;
    VersionIdMarker = page.NextVersionIdMarker;
  }
}

/** Removes everything below a prefix, locked or not: the server keeps it all in memory. */
export async function removeEverything(bucket: string, prefix: string): Promise<void> {
  const { versions, markers } = await everything(bucket, prefix);
  for (const { Key, VersionId } of [...versions, ...markers])
    await owner.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true }));
}
