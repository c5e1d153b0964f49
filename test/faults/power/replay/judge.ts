import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { verify } from '../../../../src/core/operations/verify.ts';
import { listBackups } from '../../../../src/core/repository/catalog.ts';
import { staleNames } from '../../../../src/core/repository/work-folder.ts';
import { compareTrees } from '../../../support/compare-trees.ts';
import { context } from '../../../support/real-backup.ts';
import { takeFacts, type Facts } from './facts.ts';
import { DATABASE_STATES, type ReplayProject } from './replay-project.ts';
import type { Scenario } from './scenarios.ts';

/** What is asked of the state that a power cut left, once the next command has run. */
export class Judge {
  readonly #target: ReplayProject;
  /** What verify said of a backup, by all of its bytes. */
  readonly #verified = new Map<string, string>();

  constructor(target: ReplayProject) {
    this.#target = target;
  }

  /**
   * Recovers what is in the project's place and says everything that is wrong then.
   * @param numbers the inode number that the journal knows for each that is there now
   * @param cut the steps that had been done; all of them means that the operation had returned
   */
  async problems(scenario: Scenario, cut: number, numbers: ReadonlyMap<bigint, bigint>): Promise<string[]> {
    const returned = cut >= scenario.recording.steps.length;
    let outcome: string;
    try {
      ({ outcome } = await withNumbers(numbers, this.#target.recover));
    } catch (error) {
      return [`recover failed: ${String(error)}`];
    }
    const now = takeFacts(this.#target.project);
    const { old, fresh } = scenario;
    const fromOld = compareTrees(old.tree, now.tree);
    const fromNew = compareTrees(fresh.tree, now.tree);
    const problems: string[] = [];
    if (fromOld.length > 0 && fromNew.length > 0)
      return [
        `mixed: ${(fromNew.length < fromOld.length ? ['from new', ...fromNew] : ['from old', ...fromOld]).join(', ')}`,
      ];
    const isNew = fromNew.length === 0 && fromOld.length > 0;
    const database = this.#target.database();
    if (!DATABASE_STATES.includes(database)) problems.push(`the database says ${database}`);
    if (cut > scenario.backFrom && isNew) problems.push('went forward again after it had begun to go back');
    if (returned) problems.push(...this.#lost(scenario, now, outcome));
    problems.push(...this.#inRepository(scenario, now), ...(await this.#unverified()));
    const expected = isNew ? fresh : old;
    if (now.state.join() !== expected.state.join()) problems.push(`left in the state folder: ${now.state.join(', ')}`);
    if (!scenario.unlogged)
      problems.push(...unlike('the operation log', recordsExpected(scenario, now, isNew), now.records));
    if (problems.length === 0 && isNew && returned && fresh.state.length === 0) return this.#undone(old);
    return problems;
  }

  /** What was answered is true after the cut too. */
  #lost({ after }: Scenario, now: Facts, outcome: string): string[] {
    const lost = [...after.reports].filter(([file, hash]) => now.reports.get(file) !== hash).map(([file]) => file);
    return [
      ...compareTrees(after.tree, now.tree).map((line) => `what was answered is not so: ${line}`),
      ...unlike('the backups', after.backups, now.backups),
      ...lost.map((file) => `lost: ${file}`),
      ...(now.checkout === after.checkout ? [] : ['the folder is known by another id']),
      // A stage that comes back is no content of anybody's, and goes again.
      ...(outcome === 'nothing' || outcome === 'removed-stage'
        ? []
        : [`what was answered was not finished: ${outcome}`]),
    ];
  }

  #inRepository({ before, after }: Scenario, now: Facts): string[] {
    const { project } = this.#target;
    const gone = before.backups.filter((id) => after.backups.includes(id) && !now.backups.includes(id));
    const strange = now.backups.filter((id) => !after.backups.includes(id) && !before.backups.includes(id));
    const lost = [...before.reports.keys()].filter((file) => after.reports.has(file) && !now.reports.has(file));
    const stale = fs.existsSync(project.repository) ? staleNames(project.repository) : [];
    return [
      ...gone.map((id) => `the backup ${id} is gone`),
      ...strange.map((id) => `there is a backup ${id}`),
      ...lost.map((file) => `the report ${file} is gone`),
      ...stale.map((name) => `left in the repository: ${name}`),
    ];
  }

  /** Every backup that is there verifies. */
  async #unverified(): Promise<string[]> {
    const wrong: string[] = [];
    for (const { id, kind, folder } of listBackups(this.#target.project.repository)) {
      const bytes = digestBelow(folder);
      let status = this.#verified.get(bytes);
      if (status === undefined) {
        ({ status } = await verify({ id, folder, dispose() {} }, { mode: 'full', repository: null }, context));
        this.#verified.set(bytes, status);
      }
      // A safety backup may hold a broken database, as it was.
      const good = kind === 'safety' ? ['PASSED', 'WARNING'] : ['PASSED'];
      if (!good.includes(status)) wrong.push(`${id} does not verify: ${status}`);
    }
    return wrong;
  }

  /** What was restored can be taken back, exactly. */
  async #undone(old: Facts): Promise<string[]> {
    try {
      await this.#target.undo();
    } catch (error) {
      return [`undo failed: ${String(error)}`];
    }
    const { tree } = takeFacts(this.#target.project);
    return compareTrees(old.tree, tree).map((line) => `after undo: ${line}`);
  }
}

/** A prune logs what is gone, a restore that was done is logged once. */
function recordsExpected({ fresh, old }: Scenario, now: Facts, isNew: boolean): string[] {
  if (isNew) return [...fresh.records];
  const pruned = old.backups.filter((id) => !now.backups.includes(id));
  const known = old.records.filter((line) => !pruned.some((id) => line === prunedRecord(id)));
  return [...known, ...pruned.map((id) => prunedRecord(id))];
}

const prunedRecord = (id: string): string => `prune of ${id} with nothing: 0`;

function unlike(what: string, expected: readonly string[], found: readonly string[]): string[] {
  const [a, b] = [expected.toSorted().join(', '), found.toSorted().join(', ')];
  return a === b ? [] : [`${what} should say "${a}", not "${b}"`];
}

/** A copy of a disk has other inode numbers than the disk, and the journal names those: here lstat answers them. */
async function withNumbers<T>(numbers: ReadonlyMap<bigint, bigint>, work: () => Promise<T>): Promise<T> {
  const original = fs.lstatSync;
  const lstatSync = (...args: unknown[]): unknown => {
    const stat: unknown = Reflect.apply(original, fs, args);
    if (typeof stat === 'object' && stat !== null && 'ino' in stat && typeof stat.ino === 'bigint')
      stat.ino = numbers.get(stat.ino) ?? stat.ino;
    return stat;
  };
  Object.defineProperty(fs, 'lstatSync', { value: lstatSync, configurable: true, writable: true });
  try {
    return await work();
  } finally {
    Object.defineProperty(fs, 'lstatSync', { value: original, configurable: true, writable: true });
  }
}

function digestBelow(folder: string): string {
  const hash = createHash('sha1');
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    hash.update(path.relative(folder, file));
    if (entry.isFile()) hash.update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}
