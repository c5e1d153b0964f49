import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackupError } from '../../model/backup-error.ts';
import type { RemoteSettings } from '../../model/category.ts';
import { escapeName } from '../../paths/names.ts';
import { OWN_ATTEMPTS, S3Bucket } from './s3-client.ts';
import { fromS3Error, isBroken, statusOf } from './s3-errors.ts';
import { tryS3 } from './s3-promises.ts';
import { listUnfinished, listVersions } from './s3-lists.ts';
import { keepLock } from './s3-lock.ts';
import { sendToS3, writtenAs } from './s3-upload.ts';
import type {
  Head,
  LocalFile,
  Lock,
  ObjectRef,
  Remote,
  RemoteContext,
  SendOptions,
  SentObject,
  TriedPromise,
  Unfinished,
  Version,
} from './remote.ts';

/** A bucket, or a prefix in one, as a remote. */
export class S3Remote implements Remote {
  readonly kind = 's3';
  readonly name: string;
  readonly place: string;
  readonly key: string;
  readonly #s3: S3Bucket;
  readonly #signal: AbortSignal | undefined;

  private constructor(name: string, key: string, s3: S3Bucket, context: RemoteContext) {
    this.name = name;
    this.place = s3.place;
    this.key = key;
    this.#s3 = s3;
    this.#signal = context.signal;
  }

  static open(
    name: string,
    where: { bucket: string; prefix: string; place: string; key: string },
    settings: RemoteSettings,
    allowsPlainHttp: boolean,
    context: RemoteContext,
  ): S3Remote {
    return new S3Remote(name, where.key, S3Bucket.open(where, settings, allowsPlainHttp, context), context);
  }

  now(): Date {
    return this.#s3.now();
  }

  async head(key: string, versionId: string | null = null): Promise<Head | null> {
    const s3 = this.#s3;
    const head = await s3.callOrNull('HeadObject', (send, how) =>
      send(
        new HeadObjectCommand({
          Bucket: s3.bucket,
          Key: s3.key(key),
          ChecksumMode: 'ENABLED',
          ...(versionId === null ? {} : { VersionId: versionId }),
        }),
        how,
      ),
    );
    return head === null ? null : asHead(head);
  }

  send(key: string, file: LocalFile, options: SendOptions): Promise<SentObject> {
    return sendToS3(this.#s3, this, key, file, options, this.#signal);
  }

  async putNew(key: string, bytes: Buffer, lock: Lock | null): Promise<'written' | 'there'> {
    const s3 = this.#s3;
    const sha256 = createHash('sha256').update(bytes).digest();
    const command = () =>
      new PutObjectCommand({
        Bucket: s3.bucket,
        Key: s3.key(key),
        Body: bytes,
        ContentLength: bytes.length,
        ContentType: 'application/json',
        IfNoneMatch: '*',
        ...writtenAs(s3, sha256.toString('base64'), lock),
      });
    try {
      await s3.call('PutObject', (send, how) => send(command(), how));
      return 'written';
    } catch (error) {
      const status = statusOf(error instanceof BackupError ? error.cause : error);
      if (status === 409 || status === 412) return 'there';
      throw error;
    }
  }

  async *read(object: ObjectRef, from: number, to: number): AsyncGenerator<Buffer> {
    let at = from;
    for (let attempt = 1; at < to; attempt++) {
      try {
        for await (const chunk of this.#readOnce(object, at, to)) {
          at += chunk.length;
          yield chunk;
        }
        if (at < to) throw Object.assign(new Error(`${to - at} bytes are missing at the end`), { name: 'BrokenBody' });
      } catch (error) {
        const again = attempt < OWN_ATTEMPTS && isBroken(error) && this.#signal?.aborted !== true;
        if (!again) throw fromS3Error(error, 'GetObject', this.place, this.#signal);
        await sleep(200 * attempt);
      }
    }
  }

  async *#readOnce({ key, size, versionId, etag }: ObjectRef, from: number, to: number): AsyncGenerator<Buffer> {
    const s3 = this.#s3;
    const command = () =>
      new GetObjectCommand({
        Bucket: s3.bucket,
        Key: s3.key(key),
        ...(versionId === null ? {} : { VersionId: versionId }),
        ...(etag === null ? {} : { IfMatch: etag }),
        ...(from === 0 && to === size ? {} : { Range: `bytes=${from}-${to - 1}` }),
      });
    let got;
    try {
      got = await s3.call('GetObject', (send, how) => send(command(), how));
    } catch (error) {
      const status = statusOf(error instanceof BackupError ? error.cause : error);
      if (status === 404 || status === 412 || status === 416) throw damaged(`${this.place}/${key}`, status);
      throw error;
    }
    // An error may be called 200 and have another body: only the object has its ETag.
    const isObject = etag === null || got.ETag === etag;
    if (!isObject) throw Object.assign(new Error('the answer is not the object'), { name: 'BrokenBody' });
    let left = to - from;
    for await (const chunk of streamOf(got.Body)) {
      left -= chunk.length;
      // A server that sends more than was asked for is not believed.
      if (left < 0) throw damaged(`${this.place}/${key}`, 200);
      yield chunk;
    }
  }

  versions(prefix: string): AsyncGenerator<Version> {
    return listVersions(this.#s3, prefix);
  }

  async remove({ key, versionId }: Pick<Version, 'key' | 'versionId'>): Promise<'removed' | 'locked'> {
    const s3 = this.#s3;
    const which = versionId === null ? {} : { VersionId: versionId };
    const input = { Bucket: s3.bucket, Key: s3.key(key), ...which };
    try {
      await s3.call('DeleteObject', (send, how) => send(new DeleteObjectCommand(input), how));
      return 'removed';
    } catch (error) {
      // A lock and a missing right are answered alike, so the lock itself is asked for.
      const { lock = null } = (await this.head(key, versionId)) ?? {};
      if (lock !== null && lock.until > this.now()) return 'locked';
      throw error;
    }
  }

  async lock({ key, versionId }: Pick<Version, 'key' | 'versionId'>, lock: Lock): Promise<boolean> {
    const head = await this.head(key, versionId);
    if (head === null) throw damaged(`${this.place}/${key}`, 404);
    return keepLock(this.#s3, this, key, head, lock);
  }

  unfinished(prefix: string): AsyncGenerator<Unfinished> {
    return listUnfinished(this.#s3, prefix);
  }

  async abort({ key, uploadId }: Unfinished): Promise<void> {
    const s3 = this.#s3;
    const input = { Bucket: s3.bucket, Key: s3.key(key), UploadId: uploadId };
    await s3.callOrNull('AbortMultipartUpload', (send, how) => send(new AbortMultipartUploadCommand(input), how));
  }

  tryPromises(mode: Lock['mode'] | null): Promise<TriedPromise[]> {
    return tryS3(this.#s3, this, mode);
  }

  close(): void {
    this.#s3.close();
  }
}

function asHead(head: HeadObjectCommandOutput): Head {
  const mode = head.ObjectLockMode?.toLowerCase();
  const until = head.ObjectLockRetainUntilDate;
  const isLock = (mode === 'governance' || mode === 'compliance') && until !== undefined;
  return {
    size: head.ContentLength ?? -1,
    versionId: head.VersionId ?? null,
    etag: head.ETag ?? null,
    checksum: head.ChecksumSHA256 ?? null,
    lock: isLock ? { mode, until } : null,
  };
}

/** The SDK's type also knows browsers. */
async function* streamOf(body: unknown): AsyncGenerator<Buffer> {
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) return;
  const stream: AsyncIterable<unknown> = Object.assign(body);
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) yield chunk;
}

function damaged(object: string, status: number): BackupError {
  const what =
    status === 404 ? 'is missing' : status === 200 ? 'is longer than its commit says' : 'is not what its commit says';
  return new BackupError('BACKUP_DAMAGED', `${escapeName(object)} ${what}`, {
    hint: 'Use another copy, and push this backup again from where it is whole.',
    path: object,
  });
}
