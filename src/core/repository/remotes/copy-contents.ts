import { hash } from 'node:crypto';
import { gather } from '../../format/gather.ts';
import { ARTIFACTS_FILE } from '../../format/layout.ts';
import { parseSums } from '../../format/sums.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { CopyObject } from '../../model/copy-commit.ts';
import type { Context, KeysAtHand } from '../../model/event.ts';
import { plural } from '../../model/plural.ts';
import { OpenedFile } from '../../protection/opened-file.ts';
import { KEYS_FILE, MAX_KEYS_BYTES, openKeys, type Sealed } from '../../protection/sealed-keys.ts';
import { escapeName } from '../../paths/names.ts';
import { artifactList, artifactsOf, isCopyOf, signatureOf } from './commit.ts';
import { isArtifactName, objectKey, REQUIRED_NAMES, sealedName } from './layout.ts';
import type { Copy } from './list-copies.ts';
import { readAll, totalBytes, type ObjectRef, type Remote } from './remote.ts';

const MAX_LIST_BYTES = 1 << 20;

/** A file of a backup that is in a copy. */
export interface CopyFile {
  readonly name: string;
  /** In bytes, of the file in the backup. */
  readonly size: number;
  /** Hex, of the file in the backup. What is read has to have it: only the whole can be compared. */
  readonly sha256: string;
  /** Its bytes from `from` to before `to`, in order. */
  read(from: number, to: number): AsyncGenerator<Buffer>;
}

/** What a copy holds, whether it is encrypted or not. */
export interface CopyContents {
  /** ARTIFACTS.sha256. */
  readonly list: string;
  /** Its lines in order, and the list itself. */
  readonly files: readonly CopyFile[];
  /** Of an encrypted copy: the fingerprint of the recipient whose key opened it. Null if it is not known, or if the copy is not encrypted. */
  readonly openedBy: string | null;
}

/** The object of a copy, by its version and ETag. */
export function refOf({ id, tag }: Copy, object: CopyObject): ObjectRef {
  const { size, versionId, etag } = object;
  return { key: objectKey(id, tag, object), size, versionId, etag };
}

/** What a copy holds. Of an encrypted one, its key and its list of artifacts are fetched. Throws KEY_MISSING, KEY_UNUSABLE, BACKUP_DAMAGED and the errors of a remote. */
export async function contentsOf(remote: Remote, copy: Copy, keys: KeysAtHand = {}): Promise<CopyContents> {
  const { objects, encryption } = copy.statement;
  if (encryption !== null) return sealedContents(remote, copy, keys);
  const files = artifactsOf(copy.statement).map((object) => ({
    name: object.name,
    size: object.size,
    sha256: object.sha256,
    read: (from: number, to: number) => remote.read(refOf(copy, object), from, to),
  }));
  return { list: artifactList(objects), files, openedBy: null };
}

async function sealedContents(remote: Remote, copy: Copy, keys: KeysAtHand): Promise<CopyContents> {
  const signature = signatureOf(copy.statement);
  const [keysObject, ...sealed] = copy.statement.objects.filter((object) => object !== signature);
  if (keysObject === undefined || keysObject.size > MAX_KEYS_BYTES) throw damaged(copy, `has no ${KEYS_FILE}`);
  const { identity, openedBy } = await openKeys(
    await readChecked(remote, copy, keysObject),
    keys,
    aboutCopy(remote, copy),
  );
  const opened = sealed.map((object) => {
    const { name, size } = object;
    const read = (from: number, to: number): AsyncGenerator<Buffer> => remote.read(refOf(copy, object), from, to);
    return new OpenedFile({ name, size, read }, identity);
  });
  const [first] = opened;
  if (first === undefined || first.size > MAX_LIST_BYTES) throw damaged(copy, 'has no list of artifacts');
  const list = await gather(first.read(0, first.size));
  const sha256 = hash('sha256', list);
  if (!isCopyOf(copy.statement, sha256)) throw damaged(copy, 'holds another backup than its commit says');
  const sums = parseSums(list.toString('utf8'), sealedName(0));
  const names = new Set([...sums.map((sum) => sum.path), ARTIFACTS_FILE]);
  const isBackup =
    names.size === sums.length + 1 &&
    [...names].every(isArtifactName) &&
    REQUIRED_NAMES.every((name) => names.has(name));
  if (!isBackup || opened.length !== names.size) throw damaged(copy, 'holds other files than a backup has');
  const fileOf = (name: string, own: string, file: OpenedFile | undefined): CopyFile => {
    if (file === undefined) throw new Error('every line has an object');
    return { name, size: file.size, sha256: own, read: (from, to) => file.read(from, to) };
  };
  const files = sums.map((sum, at) => fileOf(sum.path, sum.sha256, opened[at + 1]));
  return { list: list.toString('utf8'), files: [...files, fileOf(ARTIFACTS_FILE, sha256, first)], openedBy };
}

/** All that anybody can know of an encrypted copy. */
function aboutCopy({ name }: Remote, { id, tag, place, pushedAt, statement }: Copy): Sealed {
  const { encryption, objects, createdAt } = statement;
  const bytes = totalBytes(objects);
  const pushed = pushedAt.toISOString();
  return {
    what: `the copy of ${id} in ${escapeName(name)}`,
    recipients: encryption?.recipients ?? [],
    envelope: {
      said: `${plural(objects.length, 'object')} of ${bytes} bytes, made ${createdAt}, pushed ${pushed}`,
      facts: { backupId: id, place, tag, createdAt, pushedAt: pushed, objects: objects.length, bytes },
    },
  };
}

/** The signature of a copy; null if it was pushed without one, or it is damaged: the copy is unsigned then, and a note says so. */
export async function fetchSignature(remote: Remote, copy: Copy, { onEvent }: Context): Promise<Buffer | null> {
  const object = signatureOf(copy.statement);
  if (object === undefined) return null;
  try {
    return await readChecked(remote, copy, object);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'BACKUP_DAMAGED') throw error;
    onEvent?.({ type: 'note', message: `${copy.id} counts as unsigned: ${error.message}` });
    return null;
  }
}

async function readChecked(remote: Remote, copy: Copy, object: CopyObject): Promise<Buffer> {
  const bytes = await readAll(remote, refOf(copy, object));
  if (hash('sha256', bytes) !== object.sha256) throw damaged(copy, `has another ${object.name} than its commit says`);
  return bytes;
}

function damaged({ place }: Copy, what: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `the copy ${escapeName(place)} ${what}`, {
    hint: 'Use another copy, and push this backup again from where it is whole.',
    path: place,
  });
}
