import { hash } from 'node:crypto';
import { ARTIFACTS_FILE } from '../../format/layout.ts';
import type { KeysAtHand } from '../../model/event.ts';
import type { OpenedFile } from '../../protection/opened-file.ts';
import { artifactsIn } from '../sealed-list.ts';
import { artifactList, artifactsOf, isCopyOf, signatureOf } from './commit.ts';
import { openCopyKeys, openedFiles } from './copy-keys.ts';
import { damagedCopy, refOf } from './copy-objects.ts';
import type { Copy } from './list-copies.ts';
import type { Remote } from './remote.ts';

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
  /** The object that had the key: KEYS.age, or one that was sealed for other keys since. Null if the copy is not encrypted. */
  readonly keysName: string | null;
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
  return { list: artifactList(objects), files, openedBy: null, keysName: null };
}

async function sealedContents(remote: Remote, copy: Copy, keys: KeysAtHand): Promise<CopyContents> {
  const signature = signatureOf(copy.statement);
  const sealed = copy.statement.objects.slice(1).filter((object) => object !== signature);
  const { identity, openedBy, name: keysName, list } = await openCopyKeys(remote, copy, keys);
  const opened = openedFiles(remote, copy, sealed, identity);
  const sha256 = hash('sha256', list);
  if (!isCopyOf(copy.statement, sha256)) throw damagedCopy(copy, 'holds another backup than its commit says');
  const sums = artifactsIn(list);
  if (sums === null || opened.length !== sums.length + 1)
    throw damagedCopy(copy, 'holds other files than a backup has');
  const fileOf = (name: string, own: string, file: OpenedFile | undefined): CopyFile => {
    if (file === undefined) throw new Error('every line has an object');
    return { name, size: file.size, sha256: own, read: (from, to) => file.read(from, to) };
  };
  const files = sums.map((sum, at) => fileOf(sum.path, sum.sha256, opened[at + 1]));
  // It is here already.
  const read = async function* (from: number, to: number): AsyncGenerator<Buffer> {
    yield list.subarray(from, to);
  };
  files.push({ name: ARTIFACTS_FILE, size: list.length, sha256, read });
  return { list: list.toString('utf8'), files, openedBy, keysName };
}
