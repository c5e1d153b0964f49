import { ListMultipartUploadsCommand, ListObjectsV2Command, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { BackupError } from '../../model/backup-error.ts';
import { escapeName } from '../../paths/names.ts';
import type { Unfinished, Version } from './remote.ts';
import type { S3Bucket } from './s3-client.ts';
import { nameOf, statusOf } from './s3-errors.ts';

/*
 * Page by page, by loops of our own: those of the SDK never end on some servers, where the marker of the last page is that of the first.
 */
const NO_TIME = new Date(0);
/** In a row. A server may give some where much was deleted. */
const MOST_EMPTY_PAGES = 1000;

/** Every version below a prefix, newest first within a key. A server without versions lists its objects. */
export async function* listVersions(s3: S3Bucket, prefix: string): AsyncGenerator<Version> {
  try {
    yield* versionsBelow(s3, prefix);
  } catch (error) {
    // R2 has no versions and does not know the request.
    const cause = error instanceof BackupError ? error.cause : error;
    if (statusOf(cause) !== 501 && nameOf(cause) !== 'NotImplemented') throw error;
    yield* objectsBelow(s3, prefix);
  }
}

async function* versionsBelow(s3: S3Bucket, prefix: string): AsyncGenerator<Version> {
  let marker: { KeyMarker?: string; VersionIdMarker?: string } = {};
  const saw = pageCounter(s3);
  for (;;) {
    const input = { Bucket: s3.bucket, Prefix: s3.key(prefix), ...marker };
    const page = await s3.call('ListObjectVersions', (send, how) => send(new ListObjectVersionsCommand(input), how));
    requireList(s3, page);
    saw(page.Versions, page.DeleteMarkers);
    for (const { Key, VersionId = null, Size = 0, ETag = null, LastModified } of page.Versions ?? []) {
      const key = s3.nameOf(Key);
      if (key === null) continue;
      yield {
        key,
        versionId: VersionId,
        size: Size,
        etag: ETag,
        modifiedAt: LastModified ?? NO_TIME,
        isMarker: false,
      };
    }
    for (const { Key, VersionId = null, LastModified } of page.DeleteMarkers ?? []) {
      const key = s3.nameOf(Key);
      if (key === null) continue;
      yield { key, versionId: VersionId, size: 0, etag: null, modifiedAt: LastModified ?? NO_TIME, isMarker: true };
    }
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
    if (page.IsTruncated !== true || KeyMarker === undefined) return;
    if (KeyMarker === marker.KeyMarker && VersionIdMarker === marker.VersionIdMarker) throw endless(s3.place);
    marker = { KeyMarker, ...(VersionIdMarker === undefined ? {} : { VersionIdMarker }) };
  }
}

async function* objectsBelow(s3: S3Bucket, prefix: string): AsyncGenerator<Version> {
  const saw = pageCounter(s3);
  for (let token: string | undefined; ;) {
    const next = token === undefined ? {} : { ContinuationToken: token };
    const input = { Bucket: s3.bucket, Prefix: s3.key(prefix), ...next };
    const page = await s3.call('ListObjectsV2', (send, how) => send(new ListObjectsV2Command(input), how));
    requireList(s3, page);
    saw(page.Contents);
    for (const { Key, Size = 0, ETag = null, LastModified } of page.Contents ?? []) {
      const key = s3.nameOf(Key);
      if (key === null) continue;
      yield { key, versionId: null, size: Size, etag: ETag, modifiedAt: LastModified ?? NO_TIME, isMarker: false };
    }
    if (page.IsTruncated !== true || page.NextContinuationToken === undefined) return;
    if (page.NextContinuationToken === token) throw endless(s3.place);
    token = page.NextContinuationToken;
  }
}

/** The uploads below a prefix that were begun and not finished. */
export async function* listUnfinished(s3: S3Bucket, prefix: string): AsyncGenerator<Unfinished> {
  const saw = pageCounter(s3);
  let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const input = { Bucket: s3.bucket, Prefix: s3.key(prefix), ...marker };
    const page = await s3.call('ListMultipartUploads', (send, how) =>
      send(new ListMultipartUploadsCommand(input), how),
    );
    saw(page.Uploads);
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      const key = s3.nameOf(Key);
      if (key !== null && UploadId !== undefined) yield { key, uploadId: UploadId, begunAt: Initiated ?? NO_TIME };
    }
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    if (page.IsTruncated !== true || KeyMarker === undefined || KeyMarker === '') return;
    if (KeyMarker === marker.KeyMarker && UploadIdMarker === marker.UploadIdMarker) throw endless(s3.place);
    marker = { KeyMarker, ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }) };
  }
}

/** Throws once too many pages in a row list nothing. */
function pageCounter({ place }: S3Bucket): (...lists: readonly (readonly unknown[] | undefined)[]) => void {
  let empty = 0;
  return (...lists) => {
    empty = lists.every((list) => (list ?? []).length === 0) ? empty + 1 : 0;
    if (empty > MOST_EMPTY_PAGES) throw endless(place);
  };
}

/** Something else, such as the page of a proxy, is no empty list. */
function requireList({ place }: S3Bucket, page: { Name?: unknown; IsTruncated?: unknown }): void {
  if (page.Name !== undefined || page.IsTruncated !== undefined) return;
  throw new BackupError('REMOTE_FAILED', `${escapeName(place)} gives an answer that is no list`, {
    hint: 'Check what answers at the endpoint.',
    path: place,
  });
}

function endless(place: string): BackupError {
  return new BackupError('REMOTE_FAILED', `${escapeName(place)} lists the same page again and again`, {
    hint: 'Check what answers at the endpoint.',
    path: place,
  });
}
