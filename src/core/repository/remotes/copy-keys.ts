import { gather } from '../../format/gather.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { CopyObject } from '../../model/copy-commit.ts';
import type { KeysAtHand } from '../../model/event.ts';
import { plural } from '../../model/plural.ts';
import { escapeName } from '../../paths/names.ts';
import { OpenedFile } from '../../protection/opened-file.ts';
import { KEYS_FILE, MAX_KEYS_BYTES, openKeys, type OpenedKeys, type Sealed } from '../../protection/sealed-keys.ts';
import { MAX_LIST_BYTES } from '../sealed-list.ts';
import { damagedCopy, readChecked, refOf } from './copy-objects.ts';
import { dataKey, RESEALED_PREFIX } from './layout.ts';
import type { Copy } from './list-copies.ts';
import { readAll, totalBytes, type Remote, type Version } from './remote.ts';

/** Each may take a second to try, and whoever may write there can add some. */
const MOST_RESEALED = 16;

/** The key of an encrypted copy, which opened. */
export interface CopyKeys extends OpenedKeys {
  /** The object that has it: KEYS.age, or one that was sealed for other keys since. */
  readonly name: string;
  /** ARTIFACTS.sha256, as the first file that the key opens. */
  readonly list: Buffer;
}

/**
 * Opens the key of an encrypted copy with the keys at hand: KEYS.age, or else what `key reseal` has put beside it. That is in no commit, and needs not be:
 * the key in it counts only if it opens the list of artifacts. Throws KEY_MISSING, KEY_UNUSABLE, BACKUP_DAMAGED and the errors of a remote.
 */
export async function openCopyKeys(remote: Remote, copy: Copy, keys: KeysAtHand): Promise<CopyKeys> {
  const [object] = copy.statement.objects;
  if (object === undefined || object.size > MAX_KEYS_BYTES) throw damagedCopy(copy, `has no ${KEYS_FILE}`);
  const of = aboutCopy(remote, copy);
  try {
    const opened = await openKeys(await readChecked(remote, copy, object), keys, of);
    return { ...opened, name: KEYS_FILE, list: await readList(remote, copy, opened.identity) };
  } catch (error) {
    const isAtHand = keys.identity !== undefined || keys.passphrase !== undefined;
    if (!isAtHand || !(error instanceof BackupError) || error.code !== 'KEY_MISSING') throw error;
    for await (const { key, size, versionId, etag } of resealedKeys(remote, copy)) {
      const bytes = await readAll(remote, { key, size, versionId, etag });
      const found = await fitting(async () => {
        const opened = await openKeys(bytes, keys, of);
        return { ...opened, list: await readList(remote, copy, opened.identity) };
      });
      if (found !== null) return { ...found, name: key.slice(dataKey(copy.id, copy.tag, '').length) };
    }
    throw error;
  }
}

/** Null if the keys at hand do not open it, or what is in it opens nothing. */
async function fitting<T>(open: () => Promise<T>): Promise<T | null> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof BackupError && ['KEY_MISSING', 'BACKUP_DAMAGED'].includes(error.code)) return null;
    throw error;
  }
}

/** What was sealed for other keys since the copy was pushed: the oldest version of each object. */
export async function* resealedKeys(remote: Remote, { id, tag }: Copy): AsyncGenerator<Version> {
  const oldest = new Map<string, Version>();
  for await (const version of remote.versions(dataKey(id, tag, RESEALED_PREFIX))) {
    if (version.isMarker || version.size > MAX_KEYS_BYTES) continue;
    oldest.set(version.key, version);
    if (oldest.size >= MOST_RESEALED) break;
  }
  yield* oldest.values();
}

/** The files that are encrypted for the key of a copy: the list of artifacts, then its lines in order. Throws BACKUP_DAMAGED. */
export function openedFiles(remote: Remote, copy: Copy, sealed: readonly CopyObject[], identity: string): OpenedFile[] {
  return sealed.map((object) => {
    const { name, size } = object;
    const read = (from: number, to: number): AsyncGenerator<Buffer> => remote.read(refOf(copy, object), from, to);
    return new OpenedFile({ name, size, read }, identity);
  });
}

async function readList(remote: Remote, copy: Copy, identity: string): Promise<Buffer> {
  const [, object] = copy.statement.objects;
  const [file] = object === undefined ? [] : openedFiles(remote, copy, [object], identity);
  if (file === undefined || file.size > MAX_LIST_BYTES) throw damagedCopy(copy, 'has no list of artifacts');
  return gather(file.read(0, file.size));
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
