import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { resolveProject } from '../../../../src/core/config/project.ts';
import type { Project } from '../../../../src/core/model/category.ts';
import type { Context } from '../../../../src/core/model/event.ts';
import { removeTree } from '../../../../src/core/fs/durable.ts';
import { create } from '../../../../src/core/operations/create.ts';
import { prune } from '../../../../src/core/operations/prune.ts';
import { recover } from '../../../../src/core/operations/recover.ts';
import { restore } from '../../../../src/core/operations/restore.ts';
import { undo } from '../../../../src/core/operations/undo.ts';
import { listBackups } from '../../../../src/core/repository/catalog.ts';
import { put } from '../../../support/files.ts';
import { writeDatabase } from '../../../support/leveldb/write-database.ts';
import { context } from '../../../support/real-backup.ts';
import { makeSqliteWithWal, textsInCopy } from '../../../support/sqlite/make-sqlite.ts';
import { tempFolder, type TempFolder } from '../../../support/temp-folder.ts';

/** Enough new files that a stage is made durable as a whole. */
const MANY = 40;
/** A SQLite database in WAL mode, with committed changes in its `-wal` before and after. */
const DATABASE = 'deployments/state.db';
/** All that it may ever say. */
export const DATABASE_STATES = ['ok: 6 old, 2 old in wal', 'ok: 6 new, 3 new in wal'];
const MEMORY = '/dev/shm';
const YES = () => Promise.resolve(true);

export type StateName =
  | 'fresh'
  | 'destroyed'
  | 'many destroyed'
  | 'cloned'
  | 'restored'
  | 'three backups'
  | 'no log'
  | 'no repository';

/** A project in the states that operations begin from, and the operations as they ship. */
export class ReplayProject {
  readonly #temp: TempFolder;
  /** All that is looked at: the project, and the repository where that lies elsewhere. */
  readonly area: string;
  readonly root: string;
  #repository: string;

  constructor() {
    // In memory, where there is one: these disks are made by the thousand.
    this.#temp = fs.existsSync(MEMORY) ? tempFolder('migbackup-replay-', MEMORY) : tempFolder();
    this.area = path.join(this.#temp.path, 'area');
    this.root = path.join(this.area, 'project');
    this.#repository = path.join(this.root, 'backups');
    fillProject(this.root);
  }

  /** What the SQLite database says. */
  database(): string {
    return textsInCopy(path.join(this.root, DATABASE), this.#temp.path);
  }

  get project(): Project {
    return { ...resolveProject({ cwd: this.root, env: {} }), repository: this.#repository };
  }

  async prepare(): Promise<void> {
    this.#save('fresh');
    this.#save('no repository');
    await this.create();
    destroy(this.root);
    this.#save('destroyed');
    await this.restore();
    this.#save('restored');
    this.reset('fresh');
    for (let nth = 0; nth < 3; nth++) await this.create();
    this.#save('three backups');
    fs.rmSync(path.join(this.root, 'backups/reports'), { recursive: true });
    put(this.root, 'backups/reports', 'no folder');
    this.#save('no log');
    this.reset('fresh');
    for (let at = 0; at < MANY; at++) put(this.root, `deployments/many/${at}.json`, `{"n": ${at}}`);
    for (let at = 0; at < MANY; at++) put(this.root, `deployments/some/${at}.json`, `{"n": ${at}}`);
    await this.create();
    destroy(this.root);
    fs.rmSync(path.join(this.root, 'deployments/many'), { recursive: true });
    for (let at = 0; at < MANY; at += 2) put(this.root, `deployments/some/${at}.json`, 'gone');
    this.#save('many destroyed');
    this.reset('destroyed');
    fs.rmSync(path.join(this.root, '.migbackup'), { recursive: true });
    fs.renameSync(path.join(this.root, 'backups'), path.join(this.area, 'repository'));
    fs.rmSync(path.join(this.area, 'repository/reports'), { recursive: true });
    this.#save('cloned');
  }

  /** Times in whole seconds, so that a copy of a disk can have exactly the same. */
  #save(name: StateName): void {
    settleTimes(this.area);
    execFileSync('cp', ['-a', this.area, this.#folder(name)]);
  }

  #folder(name: StateName): string {
    return path.join(this.#temp.path, name);
  }

  reset(name: StateName): void {
    removeTree(this.area);
    execFileSync('cp', ['-a', this.#folder(name), this.area]);
    const elsewhere = name === 'cloned' || name === 'no repository';
    this.#repository = path.join(...(elsewhere ? [this.area, 'repository'] : [this.root, 'backups']));
  }

  create = (verify = true): Promise<unknown> => create(this.project, { verify, allowPartial: false }, context);

  restore = (signal?: AbortSignal, safetyBackup = true): Promise<unknown> => {
    const { project } = this;
    const id = listBackups(project.repository).findLast(({ kind }) => kind === 'migration')?.id ?? '';
    const selected = { id, folder: path.join(project.repository, id), dispose() {} };
    const options = { only: [], exact: true, dryRun: false, safetyBackup, allowUnsafeLinks: false, confirm: YES };
    return restore(project, selected, options, this.#context(signal));
  };

  undo = (): Promise<unknown> => undo(this.project, { dryRun: false, confirm: YES }, context);

  recover = () => recover(this.project, {}, context);

  prune = (): Promise<unknown> => {
    const options = { policy: { keepLast: 1, keepSafety: 0 }, dryRun: false, confirm: YES };
    return prune(this.project, options, context);
  };

  #context(signal: AbortSignal | undefined): Context {
    return signal === undefined ? context : { ...context, signal };
  }

  [Symbol.dispose](): void {
    removeTree(this.#temp.path);
  }
}

/** Files, links, modes, a database, folders inside of a folder that is no source itself. */
function fillProject(root: string): void {
  put(root, 'package.json', '{}');
  put(root, 'deployments/a.json', '{"a": 1}');
  put(root, 'deployments/sub/b.json', '{"b": 1}');
  put(root, 'deployments/keep/untouched.json', '{}');
  put(root, 'deployments/read-only/c.json', '{"c": 1}');
  put(root, 'ignition/deployments/chain-1/journal.jsonl', '{}\n');
  fs.symlinkSync('a.json', path.join(root, 'deployments/link'));
  writeDatabase(path.join(root, 'leveldb'), [[Buffer.from('key'), Buffer.from('value')]]);
  put(root, 'leveldb/LOCK', '');
  makeSqliteWithWal(path.join(root, DATABASE), { rows: 8, text: 'old' });
  fs.chmodSync(path.join(root, 'deployments/keep'), 0o750);
  fs.chmodSync(path.join(root, 'deployments/read-only'), 0o555);
}

/** Something of everything: changed, gone, more, other modes of folders that stay. */
function destroy(root: string): void {
  const at = (relative: string): string => path.join(root, relative);
  put(root, 'deployments/a.json', 'half');
  fs.rmSync(at('deployments/sub'), { recursive: true });
  fs.chmodSync(at('deployments/keep'), 0o700);
  fs.chmodSync(at('deployments/read-only'), 0o755);
  put(root, 'deployments/read-only/c.json', 'other');
  fs.chmodSync(at('deployments/read-only'), 0o555);
  fs.rmSync(at('ignition'), { recursive: true });
  fs.rmSync(at('deployments/link'));
  fs.symlinkSync('nowhere', at('deployments/link'));
  fs.rmSync(at('leveldb/CURRENT'));
  put(root, 'deployments/new.json', '{}');
  put(root, 'deployments/more/new.json', '{}');
  makeSqliteWithWal(at(DATABASE), { rows: 9, text: 'new' });
}

function settleTimes(file: string): void {
  const stat = fs.lstatSync(file);
  if (stat.isSymbolicLink()) return;
  if (stat.isDirectory()) for (const name of fs.readdirSync(file)) settleTimes(path.join(file, name));
  const time = Math.floor(stat.mtimeMs / 1000);
  fs.utimesSync(file, time, time);
}
