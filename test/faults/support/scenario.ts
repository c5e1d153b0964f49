import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { put } from '../../support/files.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import { makeSqliteWithWal } from '../../support/sqlite/make-sqlite.ts';
import { runCli, type CliResult } from '../../support/run-cli.ts';
import { readCalls, shimEnvironment } from './shim.ts';

/** States of a whole project, repository included, from which a command begins or in which it ends. */
type State = 'fresh' | 'destroyed' | 'restored' | 'many';

export interface Command {
  readonly args: readonly string[];
  readonly from: State;
  /** The states whose project files are the old and the new ones. */
  readonly old: State;
  readonly fresh: State;
  /** It begins where a restore was killed half-way, going forward or back. */
  readonly halfWay?: 'forward' | 'back';
}

/** A SQLite database in WAL mode, with committed changes in its `-wal` before and after. */
export const DATABASE = 'deployments/state.db';
/** All that it may ever say. */
export const DATABASE_STATES = ['ok: 6 old, 2 old in wal', 'ok: 6 new, 3 new in wal'];
const RESTORE = ['restore', '--latest', '--exact', '--yes'];

export const COMMAND_NAMES = ['create', 'restore', 'undo', 'recover', 'recover, going back', 'prune'] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

/** The commands under test, as they are typed. */
export const COMMANDS: Readonly<Record<CommandName, Command>> = {
  create: { args: ['create'], from: 'fresh', old: 'fresh', fresh: 'fresh' },
  restore: { args: RESTORE, from: 'destroyed', old: 'destroyed', fresh: 'restored' },
  undo: { args: ['undo', '--yes'], from: 'restored', old: 'restored', fresh: 'destroyed' },
  recover: { args: ['recover'], from: 'destroyed', old: 'destroyed', fresh: 'restored', halfWay: 'forward' },
  'recover, going back': {
    args: ['recover'],
    from: 'destroyed',
    old: 'destroyed',
    fresh: 'destroyed',
    halfWay: 'back',
  },
  prune: { args: ['prune', '--keep-last', '1', '--yes'], from: 'many', old: 'many', fresh: 'many' },
};

export interface ScenarioOptions {
  /** Where the project is, always; the operation log knows it by this path. */
  readonly root: string;
  /** Where the states are kept. */
  readonly folder: string;
  readonly library: string;
  /** So many more files are restored than the few that are of different kinds. */
  readonly files?: number;
}

/** A small project with a database, in every state that the commands start from, made by the commands themselves. */
export class Scenario {
  readonly root: string;
  readonly #folder: string;
  readonly #library: string;
  readonly #files: number;
  /** The call of a restore at which half of the renames of its swap are done. */
  #middle = 0;

  private constructor({ root, folder, library, files = 0 }: ScenarioOptions) {
    this.root = root;
    this.#folder = folder;
    this.#library = library;
    this.#files = files;
  }

  static async make(options: ScenarioOptions): Promise<Scenario> {
    fs.mkdirSync(options.folder, { recursive: true });
    const scenario = new Scenario(options);
    await scenario.#make();
    return scenario;
  }

  /** The folder that holds a state. */
  stateFolder(state: State): string {
    return path.join(this.#folder, state);
  }

  /** Puts the project where a command begins. A journal names inodes, so what was killed half-way cannot be copied from anywhere. */
  async prepare(name: CommandName): Promise<void> {
    const { from, halfWay } = COMMANDS[name];
    this.reset(from);
    if (halfWay === undefined) return;
    const shim = shimEnvironment(this.#library, { root: this.root, at: this.#middle, kind: 'kill' });
    const { signal } = await this.run(RESTORE, shim);
    if (signal !== 'SIGKILL') throw new Error('the restore was not killed half-way');
    if (halfWay === 'back') put(this.root, '.migbackup/txn/undo', '');
  }

  /** Puts the project into a state. */
  reset(state: State): void {
    fs.rmSync(this.root, { recursive: true, force: true });
    execFileSync('cp', ['-a', this.stateFolder(state), this.root]);
  }

  /** Runs migbackup on the project, as it ships. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
    return runCli([...args, '--root', this.root], { cwd: path.dirname(this.root), env });
  }

  #save(state: State): void {
    execFileSync('cp', ['-a', this.root, this.stateFolder(state)]);
  }

  async #succeed(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<void> {
    const { exitCode, stderr } = await this.run(args, env);
    if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}: ${stderr}`);
  }

  async #make(): Promise<void> {
    const { root } = this;
    fs.rmSync(root, { recursive: true, force: true });
    put(root, 'package.json', '{}');
    put(root, 'deployments/a.json', '{"a": 1}');
    put(root, 'deployments/sub/b.json', '{"b": 1}');
    put(root, 'deployments/read-only.json', '{"c": 1}');
    for (let file = 0; file < this.#files; file++) put(root, `deployments/many/${file}.json`, `{"old": ${file}}`);
    fs.chmodSync(path.join(root, 'deployments/read-only.json'), 0o444);
    fs.symlinkSync('a.json', path.join(root, 'deployments/link'));
    writeDatabase(path.join(root, 'leveldb'), [[Buffer.from('key'), Buffer.from('value')]]);
    makeSqliteWithWal(path.join(root, DATABASE), { rows: 8, text: 'old' });
    this.#save('fresh');
    await this.#succeed(COMMANDS.create.args);
    fs.rmSync(path.join(root, 'deployments/sub'), { recursive: true });
    fs.rmSync(path.join(root, 'leveldb/CURRENT'));
    fs.rmSync(path.join(root, 'deployments/link'));
    fs.symlinkSync('sub', path.join(root, 'deployments/link'));
    fs.chmodSync(path.join(root, 'deployments/read-only.json'), 0o644);
    put(root, 'deployments/a.json', 'half');
    put(root, 'deployments/new/extra.json', '{}');
    makeSqliteWithWal(path.join(root, DATABASE), { rows: 9, text: 'new' });
    for (let file = 0; file < this.#files; file++) put(root, `deployments/many/${file}.json`, `half ${file}`);
    this.#save('destroyed');
    await this.#restore();
    this.#save('restored');
    this.reset('fresh');
    for (const note of ['first', 'second', 'third']) await this.#succeed([...COMMANDS.create.args, '--note', note]);
    this.#save('many');
  }

  /** Restores, and finds the middle of the swap. */
  async #restore(): Promise<void> {
    const log = path.join(this.#folder, 'calls');
    await this.#succeed(RESTORE, shimEnvironment(this.#library, { root: this.root, log }));
    const swap = readCalls(log).filter(
      ({ name, path: from, to }) => name === 'rename' && /\/txn\/(stage|aside)\//.test(from + to),
    );
    this.#middle = swap[Math.floor(swap.length / 2)]?.number ?? 0;
    if (this.#middle === 0) throw new Error('the restore swapped nothing');
  }
}
