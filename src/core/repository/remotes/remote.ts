/*
 * Folder "remotes": copies of backups in other places. remote.ts is the one interface of such a place, s3-remote.ts and folder-remote.ts are behind it.
 * layout.ts and commit.ts say what lies there, push-backup.ts and fetch-copy.ts move it, list-copies.ts finds it. Everything is written once: a copy exists
 * from the moment its commit object exists, and what is read there is input from outside.
 */
import { BackupError } from '../../model/backup-error.ts';
import { gather } from '../../format/gather.ts';
import type { FileReader } from '../../fs/readable-file.ts';
import type { RemoteSettings } from '../../model/category.ts';
import type { OnEvent } from '../../model/event.ts';

/** An object lock: until then nobody (compliance), or nobody without a special right (governance), may delete a version. */
export interface Lock {
  readonly mode: 'governance' | 'compliance';
  readonly until: Date;
}

/** What a remote says of one object. */
export interface Head {
  /** In bytes. */
  readonly size: number;
  /** Null where the place has no versions. */
  readonly versionId: string | null;
  readonly etag: string | null;
  /** Base64 of the SHA-256 of the bytes, or of those of its parts with `-` and their number. Null if the place stores none. */
  readonly checksum: string | null;
  readonly lock: Lock | null;
}

/** One version of an object in a listing. */
export interface Version {
  readonly key: string;
  readonly versionId: string | null;
  /** 0 for a delete marker. */
  readonly size: number;
  readonly etag: string | null;
  /** By the clock of the remote. */
  readonly modifiedAt: Date;
  readonly isMarker: boolean;
}

/** Names the bytes that are meant: with a version and an ETag, no others can take their place. */
export interface ObjectRef {
  readonly key: string;
  readonly size: number;
  readonly versionId: string | null;
  readonly etag: string | null;
}

/** What is to become an object: a file of a local backup, or that file encrypted. */
export interface LocalFile {
  /** Absolute. */
  readonly file: string;
  /** By which the copy knows it: `checksums/SHA256SUMS`, or `3.age`. */
  readonly name: string;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  /** Its bytes, which may have changed since. */
  open(): FileReader;
}

/** What a commit records of an object besides its name, size and SHA-256. */
export interface SentObject {
  /** Bytes of each part but the last; null if it was sent in one piece. */
  readonly partSize: number | null;
  readonly checksum: string | null;
  readonly etag: string | null;
  readonly versionId: string | null;
}

/** An upload that was begun and not finished. */
export interface Unfinished {
  readonly key: string;
  readonly uploadId: string;
  readonly begunAt: Date;
}

export interface SendOptions {
  readonly lock: Lock | null;
  /** Told how many more bytes are there now. */
  readonly onBytes: (bytes: number) => void;
}

/** Something that a copy may rely on. */
export type PromiseName =
  | 'checksums'
  | 'versions'
  | 'exclusive-writes'
  | 'locks'
  | 'no-early-end-of-lock'
  | 'no-delete-by-these-credentials';

/** What a remote did when it was tried, and not what it is called. */
export interface TriedPromise {
  readonly promise: PromiseName;
  /** `unknown`: it could not be tried. */
  readonly held: 'yes' | 'no' | 'unknown';
  /** What was seen, as a sentence without an end. */
  readonly evidence: string;
}

/** A place for copies. Keys are those of layout.ts; the prefix of the remote is its own matter. Every method throws the errors REMOTE_*, NO_SPACE and INTERRUPTED. */
export interface Remote {
  readonly kind: 's3' | 'folder';
  /** The name in the config, or the URL that was given. */
  readonly name: string;
  /** The URL with the prefix, without a slash at the end: `s3://bucket/prefix`. */
  readonly place: string;
  /** Tells places apart, for what is remembered of them: the same with the endpoint, if it is not that of AWS. */
  readonly key: string;
  /** The time there, as far as an answer said it; otherwise the time here. */
  now(): Date;
  /** Null if there is no such object. @param versionId without it the newest */
  head(key: string, versionId?: string | null): Promise<Head | null>;
  /** Stores a file, unless it is there already, and asks afterwards what is there. Throws BACKUP_DAMAGED if the file is not what its list says. */
  send(key: string, file: LocalFile, options: SendOptions): Promise<SentObject>;
  /** Stores a small object that must not replace another. `there`: somebody was first. */
  putNew(key: string, bytes: Buffer, lock: Lock | null): Promise<'written' | 'there'>;
  /** The bytes from `from` to before `to`, in order. It goes on where an answer breaks off. */
  read(object: ObjectRef, from: number, to: number): AsyncGenerator<Buffer>;
  /** Every version of every object whose key begins with `prefix`, newest first within a key. */
  versions(prefix: string): AsyncGenerator<Version>;
  /** Removes one version for good. `locked`: a lock forbids it. */
  remove(version: Pick<Version, 'key' | 'versionId'>): Promise<'removed' | 'locked'>;
  /** Locks one version until then at least: a lock is only made longer. False if it was locked as long before. */
  lock(version: Pick<Version, 'key' | 'versionId'>, lock: Lock): Promise<boolean>;
  /** Uploads below a prefix that were not finished. */
  unfinished(prefix: string): AsyncGenerator<Unfinished>;
  abort(upload: Unfinished): Promise<void>;
  /** Tries with objects below `v1/checks/` what the place keeps. @param mode the lock that is wanted there, if any */
  tryPromises(mode: Lock['mode'] | null): Promise<TriedPromise[]>;
  close(): void;
}

/** What a remote needs of the run that opens it. */
export interface RemoteContext {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** Where requests go; undefined: where AWS has the bucket, or where a profile says. */
export function endpointOf({ endpoint }: RemoteSettings): string | undefined {
  const { env } = process;
  return endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
}

/** Whether an object is locked as strongly and as long as is wanted. Servers keep whole seconds. */
export function holdsLock(has: Lock | null, wanted: Lock): boolean {
  if (has === null) return false;
  const strong = has.mode === wanted.mode || has.mode === 'compliance';
  return strong && has.until.getTime() >= Math.floor(wanted.until.getTime() / 1000) * 1000;
}

/** The size of all of them. */
export function totalBytes(all: readonly { readonly size: number }[]): number {
  return all.reduce((total, { size }) => total + size, 0);
}

/** All bytes of a small object. */
export function readAll(remote: Remote, object: ObjectRef): Promise<Buffer> {
  return gather(remote.read(object, 0, object.size));
}

/** A local file that is not what its list of artifacts says is never made an object. */
export function alteredHere({ name, file }: LocalFile): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${name} is not what the list of artifacts says; it was not pushed`, {
    hint: 'Push another backup, and take a new one with migbackup create.',
    path: file,
  });
}
