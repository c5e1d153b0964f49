import { createHash, hash as oneShotHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { atOnce } from '../../concurrency/at-once.ts';
import { BackupError, throwIfInterrupted } from '../../model/backup-error.ts';
import { escapeName } from '../../paths/names.ts';
import { alteredHere, type LocalFile, type Lock, type Remote, type SendOptions, type SentObject } from './remote.ts';
import type { S3Bucket } from './s3-client.ts';
import { keepLock, modeOf } from './s3-lock.ts';
import { nameOf } from './s3-errors.ts';
import { FilePart } from './s3-part.ts';

const MIB = 1 << 20;
/** The largest object that is sent in one request, and the smallest part of the others. */
const PART_BYTES = 8 * MIB;
/** S3 allows 10,000 parts. */
const MOST_PARTS = 9000;
const AT_ONCE = 4;

export function partSizeOf(size: number): number | null {
  return size <= PART_BYTES ? null : Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS / MIB) * MIB);
}

/** What a request says of its content and of the lock. @param checksum base64 */
export function writtenAs(s3: S3Bucket, checksum: string, lock: Lock | null) {
  return {
    ...(s3.sendsChecksums ? { ChecksumAlgorithm: 'SHA256' as const, ChecksumSHA256: checksum } : {}),
    ...(lock === null ? {} : { ObjectLockMode: modeOf(lock), ObjectLockRetainUntilDate: lock.until }),
  };
}

/** Stores a file unless it is there with this size and SHA-256, and asks afterwards what is there: size, checksum and lock. */
export async function sendToS3(
  s3: S3Bucket,
  remote: Remote,
  key: string,
  file: LocalFile,
  options: SendOptions,
  signal: AbortSignal | undefined,
): Promise<SentObject> {
  const partSize = partSizeOf(file.size);
  const there = await remote.head(key);
  if (there !== null && there.size === file.size && there.checksum !== null) {
    const checksum = await checksumOf(file, partSize);
    if (there.checksum === checksum) {
      options.onBytes(file.size);
      await keepLock(s3, remote, key, there, options.lock);
      return { partSize, checksum, etag: there.etag, versionId: there.versionId };
    }
  }
  const checksum =
    partSize === null
      ? await putWhole(s3, key, file, options)
      : await new Multipart(s3, remote, key, file, partSize, options, signal).send();
  const head = await remote.head(key);
  const differs = head === null || head.size !== file.size || (head.checksum !== null && head.checksum !== checksum);
  if (differs) throw storedOther(s3, file);
  await keepLock(s3, remote, key, head, options.lock);
  return { partSize, checksum: head.checksum, etag: head.etag, versionId: head.versionId };
}

/** Base64 of the SHA-256 of the file, or of those of its parts, as S3 writes it. */
async function checksumOf(file: LocalFile, partSize: number | null): Promise<string> {
  if (partSize === null) return Buffer.from(file.sha256, 'hex').toString('base64');
  const sums: Buffer[] = [];
  const reader = file.open();
  try {
    for (let at = 0; at < file.size; at += partSize) {
      sums.push(new FilePart(file, reader, at, partSize, null).sha256);
      await new Promise(setImmediate);
    }
  } finally {
    reader.close();
  }
  return composite(sums);
}

function composite(sums: readonly Buffer[]): string {
  return `${oneShotHash('sha256', Buffer.concat(sums), 'base64')}-${sums.length}`;
}

async function putWhole(s3: S3Bucket, key: string, file: LocalFile, options: SendOptions): Promise<string> {
  const body = Buffer.allocUnsafe(file.size);
  const reader = file.open();
  try {
    if (reader.read(body, 0) < body.length) throw alteredHere(file);
  } finally {
    reader.close();
  }
  if (oneShotHash('sha256', body) !== file.sha256) throw alteredHere(file);
  const checksum = Buffer.from(file.sha256, 'hex').toString('base64');
  const about = { Bucket: s3.bucket, Key: s3.key(key), Body: body, ContentLength: body.length };
  const input = { ...about, ...writtenAs(s3, checksum, options.lock) };
  await s3.call('PutObject', (send, how) => send(new PutObjectCommand(input), how));
  options.onBytes(file.size);
  return checksum;
}

/** Parts are hashed in order, and sent a few at a time. */
class Multipart {
  readonly #s3: S3Bucket;
  readonly #remote: Remote;
  readonly #key: string;
  readonly #file: LocalFile;
  readonly #partSize: number;
  readonly #options: SendOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #whole = createHash('sha256');
  readonly #parts: CompletedPart[] = [];
  readonly #sums: Buffer[] = [];
  /** Another pusher of the same content has completed this upload. The HEAD that follows decides. */
  #isGone = false;

  constructor(
    s3: S3Bucket,
    remote: Remote,
    key: string,
    file: LocalFile,
    partSize: number,
    options: SendOptions,
    signal: AbortSignal | undefined,
  ) {
    this.#s3 = s3;
    this.#remote = remote;
    this.#key = key;
    this.#file = file;
    this.#partSize = partSize;
    this.#options = options;
    this.#signal = signal;
  }

  /** Resolves with the checksum of the object. */
  async send(): Promise<string> {
    const begun = await this.#begun();
    const upload = begun?.uploadId ?? (await this.#create());
    const count = Math.ceil(this.#file.size / this.#partSize);
    const reader = this.#file.open();
    try {
      await atOnce(AT_ONCE, Array.from({ length: count }).keys(), async (at) => {
        throwIfInterrupted(this.#signal);
        // Nothing is awaited before the hashing, so the whole is hashed in order.
        const part = new FilePart(this.#file, reader, at * this.#partSize, this.#partSize, this.#whole);
        this.#sums[at] = part.sha256;
        await this.#part(upload, at + 1, part, begun?.parts.get(at + 1));
      });
    } finally {
      reader.close();
    }
    // Before it becomes an object: what was sent is what the list of artifacts says.
    if (this.#whole.digest('hex') !== this.#file.sha256) throw alteredHere(this.#file);
    if (!this.#isGone) await this.#complete(upload);
    return composite(this.#sums);
  }

  /** The newest unfinished upload of this key, and its parts. */
  async #begun(): Promise<{ uploadId: string; parts: Map<number, Had> } | null> {
    let newest: { uploadId: string; begunAt: Date } | null = null;
    for await (const upload of this.#remote.unfinished(this.#key))
      if (upload.key === this.#key && (newest === null || upload.begunAt > newest.begunAt)) newest = upload;
    if (newest === null) return null;
    const { uploadId } = newest;
    const parts = new Map<number, Had>();
    // The SDK's own loop never ends on some servers, where the marker of the last page is that of the first.
    for (let marker: string | undefined; ;) {
      const next = marker === undefined ? {} : { PartNumberMarker: marker };
      const input = { Bucket: this.#s3.bucket, Key: this.#s3.key(this.#key), UploadId: uploadId, ...next };
      const page = await this.#s3.callOrNull('ListParts', (send, how) => send(new ListPartsCommand(input), how));
      if (page === null) return null;
      for (const { PartNumber = 0, Size = -1, ETag, ChecksumSHA256 } of page.Parts ?? [])
        parts.set(PartNumber, { size: Size, etag: ETag, checksum: ChecksumSHA256 });
      if (page.IsTruncated !== true || page.NextPartNumberMarker === marker) return { uploadId, parts };
      marker = page.NextPartNumberMarker;
    }
  }

  async #create(): Promise<string> {
    const { lock } = this.#options;
    const { ChecksumSHA256: _, ...how } = { ChecksumSHA256: '', ...writtenAs(this.#s3, '', lock) };
    const input = { Bucket: this.#s3.bucket, Key: this.#s3.key(this.#key), ...how };
    const { UploadId } = await this.#s3.call('CreateMultipartUpload', (send, options) =>
      send(new CreateMultipartUploadCommand(input), options),
    );
    if (UploadId === undefined) throw storedOther(this.#s3, this.#file);
    return UploadId;
  }

  async #part(upload: string, number: number, part: FilePart, had: Had | undefined): Promise<void> {
    if (this.#isGone) return;
    const { length, sha256 } = part;
    const checksum = sha256.toString('base64');
    const stated = this.#s3.sendsChecksums ? { ChecksumSHA256: checksum } : {};
    if (had?.size === length && had.checksum === checksum && had.etag !== undefined) {
      this.#parts[number - 1] = { PartNumber: number, ETag: had.etag, ...stated };
      this.#options.onBytes(length);
      return;
    }
    const about = { Bucket: this.#s3.bucket, Key: this.#s3.key(this.#key), UploadId: upload, PartNumber: number };
    const input = {
      ...about,
      Body: this.#s3.bodyOf(part),
      ContentLength: length,
      ...writtenAs(this.#s3, checksum, null),
    };
    try {
      const { ETag } = await this.#s3.call('UploadPart', (send, how) => send(new UploadPartCommand(input), how));
      this.#parts[number - 1] = { PartNumber: number, ...(ETag === undefined ? {} : { ETag }), ...stated };
    } catch (error) {
      if (!isNoSuchUpload(error) && !(await this.#hasEnded(upload, error))) throw error;
      this.#isGone = true;
    }
    this.#options.onBytes(length);
  }

  /** A server that no longer has the upload may hang up in the middle of a part, before its answer is read. */
  async #hasEnded(upload: string, error: unknown): Promise<boolean> {
    if (!(error instanceof BackupError) || error.code !== 'REMOTE_UNREACHABLE') return false;
    const input = { Bucket: this.#s3.bucket, Key: this.#s3.key(this.#key), UploadId: upload, MaxParts: 1 };
    try {
      return (await this.#s3.callOrNull('ListParts', (send, how) => send(new ListPartsCommand(input), how))) === null;
    } catch (other) {
      if (!(other instanceof BackupError)) throw other;
      return isNoSuchUpload(other);
    }
  }

  async #complete(upload: string): Promise<void> {
    const input = {
      Bucket: this.#s3.bucket,
      Key: this.#s3.key(this.#key),
      UploadId: upload,
      MultipartUpload: { Parts: this.#parts },
    };
    try {
      await this.#s3.call('CompleteMultipartUpload', (send, how) =>
        send(new CompleteMultipartUploadCommand(input), how),
      );
    } catch (error) {
      // An answer was lost: the upload is gone because it was completed. The HEAD that follows decides.
      if (!isNoSuchUpload(error)) throw error;
    }
  }
}

/** Ceph says NoSuchKey while another pusher completes the upload. */
const isNoSuchUpload = (error: unknown): boolean =>
  /^NoSuch(Upload|Key)$/.test(nameOf(error instanceof BackupError ? error.cause : error));

interface Had {
  readonly size: number;
  readonly etag: string | undefined;
  readonly checksum: string | undefined;
}

function storedOther(s3: S3Bucket, { name }: LocalFile): BackupError {
  return new BackupError('REMOTE_FAILED', `${escapeName(s3.place)} stored something else than it was sent: ${name}`, {
    hint: 'Run the command again. If that stays so, do not use this server.',
    path: s3.place,
  });
}
