import fs from 'node:fs';
import path from 'node:path';
import { resolveProject } from '../../../src/core/config/project.ts';
import type { Project } from '../../../src/core/model/category.ts';
import { operationsIn } from '../../../src/core/history/operation-log.ts';
import { verify } from '../../../src/core/operations/verify.ts';
import { listBackups } from '../../../src/core/repository/catalog.ts';
import { compareTrees, readTree, type Tree } from '../../support/compare-trees.ts';
import { context } from '../../support/real-backup.ts';
import { textsInCopy } from '../../support/sqlite/make-sqlite.ts';
import { COMMANDS, DATABASE, DATABASE_STATES, type CommandName, type Scenario } from './scenario.ts';

const OURS = ['backups', '.migbackup'];

/** What there is to compare: the project's files, its backups, and what the operation log says. */
interface Seen {
  readonly tree: Tree;
  readonly backups: readonly string[];
  /** Operations that can be undone. */
  readonly changes: number;
  /** Backups that were removed, each as often as the log says so. */
  readonly removed: readonly string[];
}

export interface Judgement {
  readonly state: 'old' | 'new' | 'mixed';
  readonly problems: readonly string[];
}

/** Knows the old and the new state of one command and tells which of them the project is in. */
export class Judge {
  readonly #name: CommandName;
  readonly #root: string;
  #before: Seen | null = null;
  readonly #old: Tree;
  readonly #fresh: Tree;
  #after: Seen | null = null;

  constructor(name: CommandName, scenario: Scenario) {
    const { old, fresh } = COMMANDS[name];
    this.#name = name;
    this.#root = scenario.root;
    this.#old = readTree(scenario.stateFolder(old), OURS);
    this.#fresh = readTree(scenario.stateFolder(fresh), OURS);
  }

  /** Tells the judge that everything is prepared and the command is about to begin. */
  begin(): void {
    this.#before = look(this.#root);
  }

  /** Tells the judge that an undisturbed run has just ended. */
  undisturbed(): string[] {
    this.#after = look(this.#root);
    const problems = compareTrees(this.#fresh, this.#after.tree);
    return [...problems, ...leftovers(this.#root)];
  }

  /** Which state the project's files and backups are in. */
  state(): Judgement {
    const now = look(this.#root);
    const after = this.#after;
    if (after === null) throw new Error('the judge has not seen an undisturbed run');
    const fromOld = compareTrees(this.#old, now.tree);
    const fromNew = compareTrees(this.#fresh, now.tree);
    if (fromOld.length > 0 && fromNew.length > 0)
      return { state: 'mixed', problems: [`mixed: ${fromOld.join(', ')}; ${fromNew.join(', ')}`] };
    const isNew = this.#changesTree() ? fromNew.length === 0 : migrations(now).length === migrations(after).length;
    return { state: isNew ? 'new' : 'old', problems: [] };
  }

  /**
   * What must hold once `recover` has run: nothing is left over, every backup verifies, the log tells exactly what was done.
   * @param logged false if it was said that the log could not be written
   */
  async settled({ logged = true } = {}): Promise<Judgement> {
    const { state, problems } = this.state();
    const before = this.#before;
    if (before === null) throw new Error('the judge has not seen the beginning');
    const now = look(this.#root);
    const found: string[] = [...problems, ...leftovers(this.#root), ...(await brokenBackups(this.#root))];
    const database = textsInCopy(path.join(this.#root, DATABASE));
    if (!DATABASE_STATES.includes(database)) found.push(`the SQLite database says ${database}`);
    const expected = before.changes + (state === 'new' && this.#changesTree() ? 1 : 0);
    if (logged && now.changes !== expected) found.push(`the log knows of ${now.changes} changes, not ${expected}`);
    const gone = before.backups.filter((id) => !now.backups.includes(id)).toSorted();
    if (logged && now.removed.join() !== gone.join()) found.push(`gone: ${gone.join()}; logged: ${now.removed.join()}`);
    if (gone.length > 0 && this.#name !== 'prune') found.push(`backups are gone: ${gone.join()}`);
    return { state, problems: found };
  }

  #changesTree(): boolean {
    return COMMANDS[this.#name].old !== COMMANDS[this.#name].fresh;
  }
}

function projectAt(root: string): Project {
  return resolveProject({ cwd: root, env: {} });
}

function look(root: string): Seen {
  const project = projectAt(root);
  const log = fs.existsSync(project.repository) ? operationsIn(project.repository) : [];
  return {
    tree: readTree(root, OURS),
    backups: listBackups(project.repository).map(({ id }) => id),
    changes: log.filter(({ operation }) => operation !== 'prune').length,
    removed: log.flatMap(({ operation, backupId }) => (operation === 'prune' ? [backupId] : [])).toSorted(),
  };
}

function migrations({ backups }: Seen): string[] {
  return backups.filter((id) => id.startsWith('migration-'));
}

/** Whatever a command makes on its way and nobody needs afterwards. */
function leftovers(root: string): string[] {
  const names = fs.readdirSync(root, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => {
      const isState = /^\.migbackup\/(?!lock\.db|project\.json$)/.test(name);
      return isState || name.startsWith('backups/.') || /\.tmp$|\.scratch/.test(name);
    })
    .map((name) => `left over: ${name}`);
}

async function brokenBackups(root: string): Promise<string[]> {
  const broken: string[] = [];
  for (const { id, folder } of listBackups(projectAt(root).repository)) {
    const selected = { id, folder, dispose() {} };
    try {
      const { status } = await verify(selected, { mode: 'full', repository: null }, context);
      if (status === 'FAILED') broken.push(`${path.basename(folder)} does not verify`);
    } catch (error) {
      broken.push(`${path.basename(folder)}: ${String(error)}`);
    }
  }
  return broken;
}
