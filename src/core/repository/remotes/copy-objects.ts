import { hash } from 'node:crypto';
import { BackupError } from '../../model/backup-error.ts';
import type { CopyObject } from '../../model/copy-commit.ts';
import type { Context } from '../../model/event.ts';
import { escapeName } from '../../paths/names.ts';
import { signatureOf } from './commit.ts';
import { objectKey } from './layout.ts';
import type { Copy } from './list-copies.ts';
import { readAll, type ObjectRef, type Remote } from './remote.ts';

/** The object of a copy, by its version and ETag. */
export function refOf({ id, tag }: Copy, object: CopyObject): ObjectRef {
  const { size, versionId, etag } = object;
  return { key: objectKey(id, tag, object), size, versionId, etag };
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

/** A small object of a copy. Throws BACKUP_DAMAGED if it is not what the commit says. */
export async function readChecked(remote: Remote, copy: Copy, object: CopyObject): Promise<Buffer> {
  const bytes = await readAll(remote, refOf(copy, object));
  if (hash('sha256', bytes) !== object.sha256)
    throw damagedCopy(copy, `has another ${object.name} than its commit says`);
  return bytes;
}

/** @param what the rest of a sentence about the copy */
export function damagedCopy({ place }: Copy, what: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `the copy ${escapeName(place)} ${what}`, {
    hint: 'Use another copy, and push this backup again from where it is whole.',
    path: place,
  });
}
