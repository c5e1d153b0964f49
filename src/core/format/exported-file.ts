import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeTree, writeAll } from '../fs/durable.ts';
import { escapeName } from '../paths/names.ts';
import { foldKey, pathProblem, toNative } from '../paths/paths.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Selected } from '../repository/catalog.ts';
import { damagedExport, unsafeExport, type ExportedMember } from './exported-member.ts';
import { parseId } from './id.ts';
import { ARTIFACTS_FILE, INDEX_FILE, MANIFEST_FILE, PROCEDURES_FILE, SUMS_FILE } from './layout.ts';

const FIXED_NAMES = new Set([MANIFEST_FILE, INDEX_FILE, PROCEDURES_FILE, SUMS_FILE, ARTIFACTS_FILE]);
const ARCHIVE_NAME = /^[^/]+\.tar(\.zst)?$/;
const FOLDERS = new Set(['', 'checksums']);
/** More members than any backup has categories. */
const MAX_MEMBERS = 10_000;

export type ExportFormat = 'zip' | 'tar';

/** What an exported file is, by its content; NO_SUCH_BACKUP if it is neither. */
export function detectFormat(file: string): ExportFormat {
  if (!fs.statSync(file).isFile()) throw noExport(file);
  const start = Buffer.alloc(512);
  const fd = fs.openSync(file, 'r');
  try {
    fs.readSync(fd, start, 0, start.length, 0);
  } finally {
    fs.closeSync(fd);
  }
  if (start.readUInt32LE(0) === 0x0403_4b50) return 'zip';
  if (start.toString('latin1', 257, 262) === 'ustar') return 'tar';
  throw noExport(file);
}

function noExport(file: string): BackupError {
  return new BackupError('NO_SUCH_BACKUP', `${escapeName(file)} is not an exported backup`, {
    hint: 'Give an id, a backup folder, or a .zip or .tar made by migbackup export.',
    path: file,
  });
}

/** The members of an exported file, whatever its format. */
export async function* readMembers(file: string, format: ExportFormat): AsyncGenerator<ExportedMember> {
  // Loaded only here: most commands never open an exported file.
  if (format === 'zip') yield* (await import('./zip-members.ts')).readZipMembers(file);
  else yield* (await import('./tar-members.ts')).readTarMembers(file);
}

/**
 * Unpacks an exported backup into a private scratch folder (0700, below `scratchParent`) that `dispose` removes. Only the names of a
 * backup under one top folder named by an id are taken, each once. Throws NO_SUCH_BACKUP, BACKUP_DAMAGED, UNSAFE_ARCHIVE or NO_SPACE.
 */
export async function openExported(file: string, scratchParent: string = os.tmpdir()): Promise<Selected> {
  const format = detectFormat(file);
  const scratch = fs.mkdtempSync(path.join(scratchParent, 'migbackup-'));
  try {
    const id = await unpack(file, format, scratch);
    return { id, folder: path.join(scratch, id), fromFile: file, dispose: () => removeTree(scratch) };
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
    if (top !== id) throw unsafeExport(file, `two top folders, ${id} and ${top}`);
    if (seen.has(foldKey(member.name))) throw unsafeExport(file, `${member.name} is there twice`);
    seen.add(foldKey(member.name));
    bytes += member.size;
    // Stored content cannot be more than the file that holds it: members that overlap would say so.
    if (bytes > limit) throw unsafeExport(file, 'its members state more bytes than it has');
    if (seen.size > MAX_MEMBERS) throw unsafeExport(file, `more than ${MAX_MEMBERS} members`);
    if (!member.isFolder) await extract(file, member, toNative(path.join(scratch, id), inner));
  }
  if (id === undefined || !seen.has(foldKey(`${id}/${MANIFEST_FILE}`)))
    throw damagedExport(file, `it holds no ${MANIFEST_FILE}`);
  return id;
}

/** The id and the name in the backup folder, if this is a name that a backup has. */
function splitName(file: string, member: ExportedMember): { top: string; inner: string } {
  const name = member.isFolder ? member.name.replace(/\/$/, '') : member.name;
  const problem = pathProblem(name);
  if (problem !== null) throw unsafeExport(file, `${name}: ${problem}`);
  const slash = name.indexOf('/');
  const top = slash < 0 ? name : name.slice(0, slash);
  const inner = slash < 0 ? '' : name.slice(slash + 1);
  if (parseId(top) === null) throw unsafeExport(file, `${top} is no backup id`);
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
  if (written !== member.size) throw damagedExport(file, `${member.name} has not the size that it states`);
}
