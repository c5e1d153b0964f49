/*
 * Room "paths": which paths and names are allowed, how paths are ordered, and which of them collide on another file system.
 */
import fs from 'node:fs';
import path from 'node:path';
import { BackupError } from '../model/backup-error.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { escapeName } from './names.ts';

/** Limits of docs/format.md: each part fits on every file system that we restore to, and the depth is limited. */
const MAX_PART_BYTES = 255;
const MAX_DEPTH = 64;
const MAX_PATH_BYTES = 4096;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u;

/** ASCII letters and other characters that no file system folds, with no dot or space at the end of a part. */
const PLAIN = /^(?:[\w@+,=/-]|[. ](?=[\w@+,=-]))*$/;

/** The folder that holds a project's transactions; never part of a backup. */
export const STATE_FOLDER = '.migbackup';

/** Matches almost every path: ASCII, without an empty or hidden part, or a part that ends with a dot. */
const USUAL = /^[\w@+=-]+(?:[./][\w@+=-]+)*$/;
/** Too short to break any limit: 64 parts of one letter have 127 characters. */
const USUAL_LENGTH = 127;

function isUsual(relative: string): boolean {
  return relative.length <= USUAL_LENGTH && USUAL.test(relative);
}

/**
 * Why a project-relative path is refused everywhere, or null if it is good. create and restore use the same function, so everything that was stored
 * can be restored.
 */
export function pathProblem(relative: string): string | null {
  if (isUsual(relative)) return null;
  if (relative === '') return 'empty path';
  if (!relative.isWellFormed()) return 'not valid Unicode';
  if (CONTROL.test(relative)) return 'control character in the name';
  if (relative.includes('\\')) return 'backslash in the name';
  if (relative.startsWith('/')) return 'absolute path';
  if (Buffer.byteLength(relative) > MAX_PATH_BYTES) return `path longer than ${MAX_PATH_BYTES} bytes`;
  const parts = relative.split('/');
  if (parts.length > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} folders`;
  for (const part of parts) {
    if (part === '') return 'empty part';
    if (part === '.' || part === '..') return `"${part}" as a part`;
    if (Buffer.byteLength(part) > MAX_PART_BYTES) return `part longer than ${MAX_PART_BYTES} bytes`;
  }
  if (foldKey(parts[0] ?? '') === STATE_FOLDER) return `inside ${STATE_FOLDER}`;
  return null;
}

/** Folders that are never state, wherever they are, because other tools run their content. */
export const LEFT_OUT_FOLDERS: readonly string[] = ['node_modules', '.git'];

/** npm can run programs that this file names, at every npm command in the project. */
const NPM_SETTINGS = '.npmrc';

/**
 * Why a path is never stored, restored or removed, whatever a config or a backup says, or null. Names are compared as the least strict file system
 * compares them.
 */
export function forbiddenPart(relative: string): string | null {
  if (isUsual(relative) && !/node_modules/i.test(relative)) return null;
  if (foldKey(relative) === NPM_SETTINGS) return relative;
  return relative.split('/').find((part) => LEFT_OUT_FOLDERS.includes(foldKey(part))) ?? null;
}

/** True if `candidate` is `folder` or lies below it; `.` holds everything. Both project-relative. */
export function isInside(candidate: string, folder: string): boolean {
  return folder === '.' || candidate === folder || candidate.startsWith(`${folder}/`);
}

/** A name in a project-relative folder; `.` is the top. */
export function joined(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`;
}

/** The parent of a project-relative path; `.` at the top. */
export function parentOf(relative: string): string {
  const slash = relative.lastIndexOf('/');
  return slash < 0 ? '.' : relative.slice(0, slash);
}

/** A key that is equal for two names that some supported file system may treat as the same: Unicode form, case, trailing dots and spaces. */
export function foldKey(relative: string): string {
  // Almost every name is ASCII, which has only one Unicode form, so only the ends of parts matter.
  if (PLAIN.test(relative)) return relative.toLowerCase();
  return relative
    .normalize('NFKD')
    .toLowerCase()
    .toUpperCase()
    .normalize('NFKC')
    .toLowerCase()
    .split('/')
    .map((part) => part.replace(/[. ]+$/u, '') || part)
    .join('/');
}

/** True if a link at `relative` with this target may lead out of the project: it is absolute, or climbs above the root. */
export function leadsOut(relative: string, target: string): boolean {
  const landing = path.posix.join(path.posix.dirname(relative), target.replaceAll('\\', '/'));
  return path.posix.isAbsolute(target) || /^[A-Za-z]:/.test(target) || landing === '..' || landing.startsWith('../');
}

/** The absolute native path of a project-relative one. */
export function toNative(root: string, relative: string): string {
  if (relative === '.') return root;
  if (path.sep === '/' && isUsual(relative)) return root.endsWith('/') ? root + relative : `${root}/${relative}`;
  return path.join(root, ...relative.split('/'));
}

/** Throws UNSAFE_TARGET unless every parent of `relative` below `root` is missing or a real folder, never a link. */
export function assertRealParents(root: string, relative: string): void {
  const parts = relative.split('/').slice(0, -1);
  let current = root;
  for (const part of parts) {
    current = path.join(current, part);
    const stat = lstatOrNull(current);
    if (stat === null) return;
    if (!stat.isDirectory()) {
      throw new BackupError(
        'UNSAFE_TARGET',
        `a parent of ${escapeName(relative)} is not a real folder: ${escapeName(current)}`,
        {
          hint: 'Replace the link or file with a folder, or move it away, then run the command again.',
          path: current,
        },
      );
    }
  }
}

/** False if a folder above a path is really a link or a file. */
export function hasRealParents(root: string, relative: string): boolean {
  try {
    assertRealParents(root, relative);
    return true;
  } catch (error) {
    if (error instanceof BackupError) return false;
    throw error;
  }
}

/** The absolute path with links resolved as far as the path exists; the rest is appended as it is. */
export function realPathAsFar(target: string): string {
  const absolute = path.resolve(target);
  try {
    return fs.realpathSync.native(absolute);
  } catch {
    const parent = path.dirname(absolute);
    return parent === absolute ? absolute : path.join(realPathAsFar(parent), path.basename(absolute));
  }
}
