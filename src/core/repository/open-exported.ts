import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { detectFormat, readMembers, type ExportFormat } from '../format/exported-file.ts';
import { damagedExport, unsafeExport, type ExportedMember } from '../format/exported-member.ts';
import { parseId } from '../format/id.ts';
import {
  ARTIFACTS_FILE,
  INDEX_FILE,
  MANIFEST_FILE,
  MAX_SIGNATURE_BYTES,
  PROCEDURES_FILE,
  SIGNATURE_SUFFIX,
  SUMS_FILE,
} from '../format/layout.ts';
import { lstatOrNull, removeTree, writeAll } from '../fs/durable.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { escapeName } from '../paths/names.ts';
import { foldKey, pathProblem, toNative } from '../paths/paths.ts';
import type { SelectedBackup } from './selected.ts';

const FIXED_NAMES = new Set([MANIFEST_FILE, INDEX_FILE, PROCEDURES_FILE, SUMS_FILE, ARTIFACTS_FILE]);
const ARCHIVE_NAME = /^[^/]+\.tar(\.zst)?$/;
const FOLDERS = new Set(['', 'checksums']);
/** More members than any backup has categories. */
const MAX_MEMBERS = 10_000;

/**
 * Unpacks an exported backup into a private scratch folder (0700, below `scratchParent`) that `dispose` removes. Accepts only the names that a backup
 * has, each once, in one top folder that is named by an id, and beside that its signature. Throws NO_SUCH_BACKUP, BACKUP_DAMAGED, UNSAFE_ARCHIVE or NO_SPACE.
 */
export async function openExported(file: string, scratchParent: string = os.tmpdir()): Promise<SelectedBackup> {
  const format = detectFormat(file);
  const scratch = fs.mkdtempSync(path.join(scratchParent, 'migbackup-'));
  try {
    const id = await unpack(file, format, scratch);
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

async function unpack(file: string, format: ExportFormat, scratch: string): Promise<string> {
  const limit = fs.statSync(file).size;
  const seen = new Set<string>();
  let id: string | undefined;
  let bytes = 0;
  for await (const member of readMembers(file, format)) {
    const { top, inner } = splitName(file, member);
    id ??= top;
    if (top !== id) throw unsafeExport(file, `it has two top folders, ${id} and ${top}`);
    if (seen.has(foldKey(member.name))) throw unsafeExport(file, `it has two members named ${member.name}`);
    seen.add(foldKey(member.name));
    bytes += member.size;
    // Stored content cannot be larger than the file that holds it. If the members state more, they overlap.
    if (bytes > limit) throw unsafeExport(file, 'its members state more bytes than the file has');
    if (seen.size > MAX_MEMBERS) throw unsafeExport(file, `it has more than ${MAX_MEMBERS} members`);
    const target = inner === null ? path.join(scratch, id + SIGNATURE_SUFFIX) : toNative(path.join(scratch, id), inner);
    if (!member.isFolder) await extract(file, member, target);
  }
  if (id === undefined || !seen.has(foldKey(`${id}/${MANIFEST_FILE}`)))
    throw damagedExport(file, `it holds no ${MANIFEST_FILE}`);
  return id;
}

/** The id and the name in the backup folder, if this is a name that a backup has; null for the signature, which is beside the folder. */
function splitName(file: string, member: ExportedMember): { top: string; inner: string | null } {
  const name = member.isFolder ? member.name.replace(/\/$/, '') : member.name;
  const problem = pathProblem(name);
  if (problem !== null) throw unsafeExport(file, `${name}: ${problem}`);
  const signed = name.endsWith(SIGNATURE_SUFFIX) ? name.slice(0, -SIGNATURE_SUFFIX.length) : '';
  if (parseId(signed) !== null) {
    if (!member.isFolder && member.size <= MAX_SIGNATURE_BYTES) return { top: signed, inner: null };
    throw unsafeExport(file, `${name} is no signature`);
  }
  const slash = name.indexOf('/');
  const top = slash < 0 ? name : name.slice(0, slash);
  const inner = slash < 0 ? '' : name.slice(slash + 1);
  if (parseId(top) === null) throw unsafeExport(file, `${name} is not in a folder named by a backup id`);
  const known = member.isFolder
    ? FOLDERS.has(inner) && member.size === 0
    : FIXED_NAMES.has(inner) || ARCHIVE_NAME.test(inner);
  if (!known) throw unsafeExport(file, `${name} is not part of a backup`);
  return { top, inner };
}

async function extract(file: string, member: ExportedMember, target: string): Promise<void> {
  fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
  const fd = fs.openSync(target, 'wx', 0o600);
  let written = 0;
  try {
    for await (const chunk of member.content) {
      written += chunk.byteLength;
      if (written > member.size) break;
      writeAll(fd, chunk);
    }
  } finally {
    fs.closeSync(fd);
  }
  if (written !== member.size) throw damagedExport(file, `${member.name} does not have the size that it states`);
}
