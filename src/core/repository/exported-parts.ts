import fs from 'node:fs';
import path from 'node:path';
import { readMembers, type ExportFormat } from '../format/exported-file.ts';
import { damagedExport, unsafeExport, type ExportedMember } from '../format/exported-member.ts';
import { parseId } from '../format/id.ts';
import {
  ARTIFACTS_FILE,
  INDEX_FILE,
  MANIFEST_FILE,
  MAX_SIGNATURE_BYTES,
  OPEN_FILE,
  PROCEDURES_FILE,
  SIGNATURE_SUFFIX,
  SUMS_FILE,
} from '../format/layout.ts';
import { writeAll } from '../fs/durable.ts';
import { foldKey, pathProblem, toNative } from '../paths/paths.ts';
import { KEYS_FILE } from '../protection/sealed-keys.ts';

const FIXED_NAMES = new Set([MANIFEST_FILE, INDEX_FILE, PROCEDURES_FILE, SUMS_FILE, ARTIFACTS_FILE]);
const ARCHIVE_NAME = /^[^/]+\.tar(\.zst)?$/;
const FOLDERS = new Set(['', 'checksums']);
const SEALED_NAME = /^(?:0|[1-9]\d{0,3})\.age$/;
/** More members than any backup has categories. */
const MAX_MEMBERS = 10_000;

/** A file or folder in an exported file. */
export interface ExportedPart {
  /** `plain`: a file of a backup. `sealed`: what an encrypted export has instead: KEYS.age, OPEN.md and `<n>.age`. */
  readonly kind: 'folder' | 'plain' | 'sealed' | 'signature';
  readonly id: string;
  /** Below the folder that is named by the id; of the signature, which is beside that folder, its whole name. */
  readonly name: string;
  /** Bytes of the content. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * The members of an exported file. Accepts only the names of a backup, or only those of an encrypted one, each once, in one top folder that is named by an
 * id, and beside that its signature. Throws BACKUP_DAMAGED or UNSAFE_ARCHIVE.
 */
export async function* readParts(file: string, format: ExportFormat): AsyncGenerator<ExportedPart> {
  const limit = fs.statSync(file).size;
  const seen = new Set<string>();
  const kinds = new Set<ExportedPart['kind']>();
  let id: string | undefined;
  let bytes = 0;
  for await (const member of readMembers(file, format)) {
    const part = partOf(file, member);
    id ??= part.id;
    if (part.id !== id) throw unsafeExport(file, `it has two top folders, ${id} and ${part.id}`);
    if (seen.has(foldKey(member.name))) throw unsafeExport(file, `it has two members named ${member.name}`);
    seen.add(foldKey(member.name));
    bytes += member.size;
    // Stored content cannot be larger than the file that holds it. If the members state more, they overlap.
    if (bytes > limit) throw unsafeExport(file, 'its members state more bytes than the file has');
    if (seen.size > MAX_MEMBERS) throw unsafeExport(file, `it has more than ${MAX_MEMBERS} members`);
    kinds.add(part.kind);
    if (kinds.has('plain') && kinds.has('sealed'))
      throw unsafeExport(file, `${member.name} does not go with the others: only a part of it is encrypted`);
    yield part;
  }
}

/** Throws unless this is a name that a backup or an encrypted one has. */
function partOf(file: string, { name: written, isFolder, size, content }: ExportedMember): ExportedPart {
  const name = isFolder ? written.replace(/\/$/, '') : written;
  const problem = pathProblem(name);
  if (problem !== null) throw unsafeExport(file, `${name}: ${problem}`);
  const signed = name.endsWith(SIGNATURE_SUFFIX) ? name.slice(0, -SIGNATURE_SUFFIX.length) : '';
  if (parseId(signed) !== null) {
    if (!isFolder && size <= MAX_SIGNATURE_BYTES) return { kind: 'signature', id: signed, name, size, content };
    throw unsafeExport(file, `${name} is no signature`);
  }
  const slash = name.indexOf('/');
  const id = slash < 0 ? name : name.slice(0, slash);
  const inner = slash < 0 ? '' : name.slice(slash + 1);
  if (parseId(id) === null) throw unsafeExport(file, `${name} is not in a folder named by a backup id`);
  const kind = isFolder ? folderKind(inner, size) : fileKind(inner);
  if (kind === null) throw unsafeExport(file, `${name} is not part of a backup`);
  return { kind, id, name: inner, size, content };
}

function folderKind(name: string, size: number): 'folder' | null {
  return FOLDERS.has(name) && size === 0 ? 'folder' : null;
}

function fileKind(name: string): 'plain' | 'sealed' | null {
  if (FIXED_NAMES.has(name) || ARCHIVE_NAME.test(name)) return 'plain';
  return name === KEYS_FILE || name === OPEN_FILE || SEALED_NAME.test(name) ? 'sealed' : null;
}

/** What is to become a file of the backup. */
export interface NewPart {
  readonly name: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Writes a new file into a folder that it is unpacked to. Throws BACKUP_DAMAGED if the content does not have this size. */
export async function writePart(file: string, folder: string, { name, size, content }: NewPart): Promise<void> {
  const target = toNative(folder, name);
  fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
  const fd = fs.openSync(target, 'wx', 0o600);
  let written = 0;
  try {
    for await (const chunk of content) {
      written += chunk.byteLength;
      if (written > size) break;
      writeAll(fd, chunk);
    }
  } finally {
    fs.closeSync(fd);
  }
  if (written !== size) throw damagedExport(file, `${name} does not have the size that it states`);
}
