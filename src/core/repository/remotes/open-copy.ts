import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeTree } from '../../fs/durable.ts';
import { freeSpace } from '../../fs/space.ts';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { SelectedBackup } from '../selected.ts';
import { Owner } from '../whose.ts';
import { contentsOf } from './copy-contents.ts';
import { fetchSignature } from './copy-objects.ts';
import { fetchWhole } from './fetch-copy.ts';
import { signatureName } from './layout.ts';
import type { Copy } from './list-copies.ts';
import { openPartly } from './open-partly.ts';
import { chooseRemote, openRemote } from './open-remote.ts';
import { totalBytes, type Remote } from './remote.ts';
import { selectCopy } from './select-copy.ts';

/** Which copy a command reads, and how. */
export interface FromRemote {
  /** A name in the config, or a URL. */
  readonly remote: string;
  /** The tag of the copy, or the beginning of it, if there are several. */
  readonly copy?: string | undefined;
  /** Allow plain http to another machine. */
  readonly insecure: boolean;
  /** Fetch all of it first. Otherwise each part is fetched when it is read. */
  readonly whole: boolean;
}

/**
 * Opens a copy in a remote as a folder of a backup, in a private scratch folder (0700) that `dispose` removes. Throws NO_SUCH_REMOTE, NO_SUCH_BACKUP,
 * AMBIGUOUS_BACKUP, BACKUP_DAMAGED, NO_SPACE and the errors of a remote.
 */
export async function openCopy(
  project: Project,
  selector: string,
  from: FromRemote,
  context: Context,
): Promise<SelectedBackup> {
  const choice = chooseRemote(project.config, from.remote);
  const remote = await openRemote(choice, from.insecure, context);
  try {
    const onNote = (message: string): void => context.onEvent?.({ type: 'note', message });
    const copy = await selectCopy(remote, new Owner(project), { selector, copy: from.copy, from: choice, onNote });
    return await layOut(project, remote, copy, from.whole, context);
  } catch (error) {
    remote.close();
    throw error;
  }
}

async function layOut(
  { repository }: Project,
  remote: Remote,
  copy: Copy,
  whole: boolean,
  context: Context,
): Promise<SelectedBackup> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-'));
  const folder = path.join(scratch, copy.id);
  let forget = (): void => {};
  let signature: Buffer | null;
  const name = signatureName(copy.id);
  try {
    signature = await fetchSignature(remote, copy, context);
    if (signature !== null) fs.writeFileSync(path.join(scratch, name), signature, { mode: 0o600 });
    if (whole) await fetchAll(remote, copy, folder, context);
    else forget = await openPartly(copy, await contentsOf(remote, copy, context.keys), folder);
  } catch (error) {
    removeTree(scratch);
    if (errnoOf(error) !== 'ENOSPC') throw error;
    throw noRoom(copy, scratch, error);
  }
  return {
    id: copy.id,
    folder,
    fromFile: copy.place,
    isPartly: !whole,
    // What was signed after it was pushed has its signature here, if anywhere.
    signature: path.join(signature === null ? repository : scratch, name),
    dispose() {
      forget();
      remote.close();
      removeTree(scratch);
    },
  };
}

/** Fetches a copy with its progress. */
export async function fetchAll(remote: Remote, copy: Copy, folder: string, context: Context): Promise<void> {
  const { files } = await contentsOf(remote, copy, context.keys);
  const bytes = totalBytes(files);
  if (freeSpace(path.dirname(folder)).bytes < BigInt(bytes)) throw noRoom(copy, path.dirname(folder));
  context.onEvent?.({ type: 'phase-begin', phase: 'fetching', files: files.length, bytes });
  const onProgress = (done: number, has: number): void =>
    context.onEvent?.({ type: 'progress', files: done, bytes: has });
  await fetchWhole(files, folder, { onProgress });
}

function noRoom({ id, statement }: Copy, place: string, cause?: unknown): BackupError {
  const bytes = totalBytes(statement.objects);
  return new BackupError('NO_SPACE', `no room to fetch ${id}, which has ${bytes} bytes`, {
    hint: 'Free some space, or set TMPDIR to a folder with more.',
    path: place,
    ...(cause === undefined ? {} : { cause }),
  });
}
