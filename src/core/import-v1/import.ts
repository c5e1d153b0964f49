/*
 * Room "import-v1": everything that reads backups of format version 1, the unpacked folders of older scripts. It turns one into a backup of today's
 * format, in a scratch folder, so that every other room knows only one format. Commands open a backup of either format through open-backup.ts.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeTree } from '../fs/durable.ts';
import { toNative } from '../paths/paths.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Category, Config, Project, Source } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { ensureRepository } from '../repository/work-folder.ts';
import { version1Time } from '../format/version1.ts';
import { takeBackup, type TakenBackup } from '../capture/take-backup.ts';
import { categoriesOf } from './layout.ts';
import { inspectVersion1, type Copy } from './inspect.ts';
import { manifestContradictions, type Counted } from './manifest-contradicts.ts';

/** The tool that made the backup: scripts of which only the format is known. */
const SCRIPTS = { name: 'scripts of format version 1', version: '1.0.0', runtime: 'unknown' };

/**
 * Turns a version 1 backup into one of version 2, in a private scratch folder: every file at the path that it came from, and findings about what is
 * wrong with the backup. So all operations work on both formats. The backup itself is only read.
 */
export async function importVersion1(folder: string, id: string, context: Context): Promise<SelectedBackup> {
  const { copies, findings } = inspectVersion1(folder);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-v1-'));
  try {
    const tree = path.join(scratch, 'tree');
    fs.mkdirSync(tree);
    for (const copy of copies) bringHome(folder, tree, copy);
    const contradictions = manifestContradictions(folder, count(folder, copies));
    const project = scratchProject(scratch, tree, categoriesOf(copies.map(({ place }) => place)));
    const time = version1Time(folder);
    const taken = await take(project, [...findings, ...contradictions], {
      ...context,
      tool: SCRIPTS,
      onEvent: undefined,
      now: () => time,
    });
    const { backupId } = taken.manifest;
    return { id, auditId: backupId, folder: taken.folder, fromFile: folder, dispose: () => removeTree(scratch) };
  } catch (error) {
    removeTree(scratch);
    throw error;
  }
}

/** A damaged database is taken as plain files. A finding says that it cannot be read, and it can still be restored. */
async function take(project: Project, findings: readonly Finding[], context: Context): Promise<TakenBackup> {
  const { categories } = project.config;
  const options = {
    kind: 'migration',
    config: project.config,
    categories,
    verify: false,
    allowPartial: false,
    ofNobody: true,
  } as const;
  try {
    return await takeBackup(project, { ...options, findings }, context);
  } catch (error) {
    if (!(error instanceof BackupError) || !error.code.startsWith('DATABASE_')) throw error;
    const broken: Finding = {
      code: 'database-does-not-read',
      severity: 'warning',
      message: `leveldb/current cannot be read: ${error.message}`,
      path: 'leveldb/current',
      category: 'leveldb',
      source: 'current',
    };
    return takeBackup(project, { ...options, raw: isLeveldb, findings: [...findings, broken] }, context);
  }
}

function isLeveldb(_path: string, { category }: Source): boolean {
  return category === 'leveldb';
}

function bringHome(folder: string, tree: string, { file, place }: Copy): void {
  const from = toNative(folder, file);
  const to = toNative(tree, place.path);
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
  const { atime, mtime, mode } = fs.lstatSync(from);
  fs.chmodSync(to, (mode & 0o777) | 0o600);
  fs.utimesSync(to, atime, mtime);
}

function count(folder: string, copies: readonly Copy[]): Map<string, Counted> {
  const counted = new Map<string, Counted>();
  for (const { file, place } of copies) {
    const { files, bytes } = counted.get(place.category) ?? { files: 0, bytes: 0 };
    counted.set(place.category, { files: files + 1, bytes: bytes + fs.lstatSync(toNative(folder, file)).size });
  }
  return counted;
}

function scratchProject(scratch: string, root: string, categories: readonly Category[]): Project {
  const repository = path.join(scratch, 'repository');
  ensureRepository(repository);
  const config: Config = {
    file: undefined,
    categories,
    written: [],
    compression: 'zstd',
    level: 1,
    includeSecrets: true,
    secrets: [],
    ignore: [],
  };
  return { root, repository, config };
}
