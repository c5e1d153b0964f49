import fs from 'node:fs';
import path from 'node:path';
import { writeAll } from '../../fs/durable.ts';
import { errnoOf } from '../../model/backup-error.ts';
import { parseFileName } from './names.ts';
import { folderFiles, type StoreFiles } from './random-access.ts';
import { neededLogs, readVersion } from './reader.ts';

const CHUNK = 1024 * 1024;
/** Why a hard link may be refused where a copy works. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES']);

/**
 * Makes a folder that LevelDB may open: of a store, what its MANIFEST needs and nothing else. LevelDB rewrites whatever it
 * opens, so only live tables, which it never changes, may be links.
 * @param source a folder, or files from anywhere; never a live source
 * @param scratchDir is created; it must be empty or missing
 * @param options.link hard-link the tables of a source folder (of a backup's staged copy, never of the user's database)
 */
export function makeScratch(source: StoreFiles | string, scratchDir: string, options: { link?: boolean } = {}): void {
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

function copyNeeded(files: StoreFiles, scratchDir: string, link: (name: string) => boolean): void {
  const { manifest, version } = readVersion(files);
  const names = files.names();
  const numbersOfLogs = names.flatMap((name) => {
    const parsed = parseFileName(name);
    return parsed?.type === 'log' ? [parsed.number] : [];
  });
  const logs = new Set(neededLogs(version, numbersOfLogs));
  const tables = new Set(version.tables.map((table) => table.number));
  for (const name of names) {
    const parsed = parseFileName(name);
    if (parsed === null) continue;
    const isTable = parsed.type === 'table' && tables.has(parsed.number);
    const isLog = parsed.type === 'log' && logs.has(parsed.number);
    if (!isTable && !isLog && name !== 'CURRENT' && name !== manifest) continue;
    if (isTable && link(name)) continue;
    copyOne(files, name, path.join(scratchDir, name));
  }
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

function copyOne(files: StoreFiles, name: string, to: string): void {
  const file = files.open(name);
  const fd = fs.openSync(to, 'wx', 0o600);
  try {
    for (let position = 0; position < file.size;) {
      const bytes = file.read(position, Math.min(CHUNK, file.size - position));
      if (bytes.length === 0) break;
      writeAll(fd, bytes);
      position += bytes.length;
    }
  } finally {
    fs.closeSync(fd);
    file.close?.();
  }
}
