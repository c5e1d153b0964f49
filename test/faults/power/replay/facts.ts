import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { checkoutOf } from '../../../../src/core/config/checkout.ts';
import { STATE_FOLDER } from '../../../../src/core/paths/paths.ts';
import type { Project } from '../../../../src/core/model/category.ts';
import { operationsOn } from '../../../../src/core/history/operation-log.ts';
import { listBackups } from '../../../../src/core/repository/catalog.ts';
import { readTree, type Tree } from '../../../support/compare-trees.ts';
import { Disk } from './disk.ts';
import { nameClass } from './sync-site.ts';

/** All that is known of a project and its repository from outside. */
export interface Facts {
  readonly tree: Tree;
  /** What restores have left in the project's state folder: finished ones that are kept, and what is in them. */
  readonly state: readonly string[];
  readonly backups: readonly string[];
  /** Every report by its path, with a hash of its bytes. */
  readonly reports: ReadonlyMap<string, string>;
  /** The operation log. */
  readonly records: readonly string[];
  /** By what the folder is known, wherever it stands. */
  readonly checkout: string | null;
}

export function takeFacts(project: Project): Facts {
  return {
    tree: readTree(project.root, ['backups', STATE_FOLDER], { folderTimes: true }),
    state: stateIn(path.join(project.root, STATE_FOLDER)),
    backups: listBackups(project.repository).map(({ id }) => id),
    reports: reportsIn(path.join(project.repository, 'reports')),
    records: operationsOn(project).map((record) => sayRecord(record)),
    checkout: checkoutOf(project.root).checkout,
  };
}

/** The same as something to compare with: a folder that no backup holds, made on the way to one, has whatever time it was made at. */
export function asReference(facts: Facts): Facts {
  const tree = [...facts.tree].map(([file, seen]): [string, typeof seen] => {
    const isSet = seen.type !== 'dir' || seen.mtime === undefined || seen.mtime % 1000 === 0;
    return [file, isSet ? seen : { ...seen, mtime: undefined }];
  });
  return { ...facts, tree: new Map(tree) };
}

/** A line of the operation log without its time. Ids of backups that a second run would name otherwise are only said to be there. */
export function sayRecord(record: {
  operation: string;
  backupId: string;
  safetyId: string | null;
  exit: number;
}): string {
  return `${record.operation} of ${record.backupId} with ${nameClass(record.safetyId ?? 'nothing')}: ${record.exit}`;
}

/** Names (not of what stays: locks, and project.json, which is not cleaned while the process that wrote it lives), and of what was moved aside the bytes and modes; not the times of folders. */
function stateIn(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  const names = fs
    .readdirSync(folder)
    .filter((name) => !name.startsWith('lock.db') && !name.startsWith('project.json'));
  const aside = Disk.load(folder)
    .lines()
    .filter((line) => /\/aside\/\d+/.test(line) && line.split(' ').length > 3);
  return [...names, ...aside].map((line) => nameClass(line)).toSorted();
}

function reportsIn(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const isFolder = fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  const entries = isFolder ? fs.readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name !== 'operations.ndjson')
      found.set(file, createHash('sha1').update(fs.readFileSync(file)).digest('hex'));
  }
  return found;
}
