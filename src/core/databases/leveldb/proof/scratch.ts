import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../../../model/backup-error.ts';
import { parseFileName } from '../format/names.ts';
import { copyPart, folderFiles, partSize, type DatabaseFiles } from '../../database-files.ts';
import { neededLogs, readVersion } from '../format/reader.ts';

/** Small compared with the pieces of an archive, so that few reads span two of them. */
const CHUNK = 64 * 1024;
/** Errors of a hard link after which a copy may still work. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES']);

/**
 * Makes a folder that LevelDB may open. It holds only what the MANIFEST of the database needs. LevelDB rewrites whatever it opens, so only live
 * tables, which it never changes, may be links.
 * @param source a folder, or files from anywhere; never a live source
 * @param scratchDir is created; it must be empty or missing
 * @param options.link hard-link the tables of a source folder (of a backup's staged copy, never of the user's database)
 */
export function makeScratch(
  source: DatabaseFiles | string,
  scratchDir: string,
  options: { link?: boolean } = {},
): void {
  fs.mkdirSync(scratchDir, { recursive: true, mode: 0o700 });
  if (typeof source !== 'string') {
    copyNeeded(source, scratchDir, () => false);
    return;
  }
  const files = folderFiles(source);
  const link = (name: string): boolean =>
    options.link === true && linkTable(path.join(source, name), path.join(scratchDir, name));
  try {
    copyNeeded(files, scratchDir, link);
  } finally {
    files.close();
  }
}

/** The size in bytes of what `makeScratch` copies. */
export function scratchBytes(source: DatabaseFiles | string): number {
  if (typeof source !== 'string') return neededNames(source).reduce((total, name) => total + partSize(source, name), 0);
  const files = folderFiles(source);
  try {
    return scratchBytes(files);
  } finally {
    files.close();
  }
}

function copyNeeded(files: DatabaseFiles, scratchDir: string, link: (name: string) => boolean): void {
  for (const name of neededNames(files)) {
    if (parseFileName(name)?.type === 'table' && link(name)) continue;
    for (const _ of copyPart(files, name, path.join(scratchDir, name), CHUNK));
  }
}

/** CURRENT, its MANIFEST, and the tables and logs that the MANIFEST needs. */
function neededNames(files: DatabaseFiles): string[] {
  const { manifest, version } = readVersion(files);
  const parsed = files.names().flatMap((name) => {
    const file = parseFileName(name);
    return file === null ? [] : [{ name, ...file }];
  });
  const logs = new Set(
    neededLogs(
      version,
      parsed.flatMap(({ type, number }) => (type === 'log' ? [number] : [])),
    ),
  );
  const tables = new Set(version.tables.map((table) => table.number));
  return parsed
    .filter(({ name, type, number }) => {
      if (type === 'table') return tables.has(number);
      if (type === 'log') return logs.has(number);
      return type === 'current' || name === manifest;
    })
    .map(({ name }) => name);
}

function linkTable(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if (NO_LINK.has(errnoOf(error) ?? '')) return false;
    throw error;
  }
}
