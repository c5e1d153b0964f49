import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { detectFormat, type ExportFormat } from '../format/exported-file.ts';
import { damagedExport } from '../format/exported-member.ts';
import { MANIFEST_FILE, SIGNATURE_SUFFIX } from '../format/layout.ts';
import { lstatOrNull, removeTree } from '../fs/durable.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { KeysAtHand } from '../model/event.ts';
import { escapeName } from '../paths/names.ts';
import { readParts, writePart } from './exported-parts.ts';
import type { SelectedBackup } from './selected.ts';

/**
 * Unpacks an exported backup into a private scratch folder (0700, below `scratchParent`) that `dispose` removes, and decrypts it if it is encrypted. Accepts
 * only the names that a backup has, each once, in one top folder that is named by an id, and beside that its signature. Throws NO_SUCH_BACKUP, BACKUP_DAMAGED,
 * UNSAFE_ARCHIVE, NO_SPACE, KEY_MISSING, which shows what an encrypted export tells without a key, or KEY_UNUSABLE.
 */
export async function openExported(
  file: string,
  scratchParent: string = os.tmpdir(),
  keys: KeysAtHand = {},
): Promise<SelectedBackup> {
  const format = detectFormat(file);
  const scratch = fs.mkdtempSync(path.join(scratchParent, 'migbackup-'));
  try {
    const id = await unpack(file, format, scratch, keys);
    const inside = path.join(scratch, id + SIGNATURE_SUFFIX);
    const signature = lstatOrNull(inside) === null ? {} : { signature: inside };
    return { id, folder: path.join(scratch, id), fromFile: file, ...signature, dispose: () => removeTree(scratch) };
  } catch (error) {
    removeTree(scratch);
    if (errnoOf(error) !== 'ENOSPC') throw error;
    throw new BackupError('NO_SPACE', `no space left to unpack ${escapeName(file)}`, {
      hint: 'Set TMPDIR to a folder with more space.',
      path: scratchParent,
      cause: error,
    });
  }
}

async function unpack(file: string, format: ExportFormat, scratch: string, keys: KeysAtHand): Promise<string> {
  let found: string | undefined;
  let isSealed = false;
  let hasManifest = false;
  for await (const part of readParts(file, format)) {
    const { kind, id, name } = part;
    found = id;
    isSealed ||= kind === 'sealed';
    hasManifest ||= name === MANIFEST_FILE;
    if (kind === 'plain') await writePart(file, path.join(scratch, id), part);
    else if (kind === 'signature') await writePart(file, scratch, part);
  }
  if (found === undefined || !(hasManifest || isSealed)) throw damagedExport(file, `it holds no ${MANIFEST_FILE}`);
  if (isSealed) {
    const { unpackSealed } = await import('./unpack-sealed.ts');
    await unpackSealed(file, format, path.join(scratch, found), keys);
  }
  return found;
}
