import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { compareTrees, type Tree } from '../../support/compare-trees.ts';
import { isDeath, type Fault, type Outcome } from '../../transaction/support/faults.ts';
import type { Operation } from './operations.ts';
import type { Scene } from './scene.ts';

/** What there was before an operation that nothing disturbs, and after it. */
export interface Undisturbed {
  readonly old: Tree;
  readonly fresh: Tree;
  /** The tree that it begins with. */
  readonly start: Tree;
  /** Ids of all backups before and after. */
  readonly backupsBefore: readonly string[];
  readonly backupsAfter: readonly string[];
  /** What the SQLite database says with the old tree, and with the new one. */
  readonly databases: { readonly old: string; readonly new: string };
}

export interface Verdict {
  readonly state: 'old' | 'new' | 'mixed';
  /** All that is not as it must be; empty when all is well. */
  readonly wrong: string[];
}

export function sayError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'no error';
}

const idsOf = ({ product, project }: Scene): string[] => product.listBackups(project.repository).map(({ id }) => id);
const isMigration = (id: string): boolean => id.startsWith('migration-');

export async function lookUndisturbed(
  scene: Scene,
  operation: Operation,
  run: () => Promise<void>,
): Promise<Undisturbed> {
  const start = scene.tree();
  const startDatabase = scene.database();
  const backupsBefore = idsOf(scene);
  await run();
  const [after, afterDatabase] = [scene.tree(), scene.database()];
  const [old, fresh, databases] =
    operation.pending === true
      ? [scene.ruined, scene.whole, { old: scene.ruinedDatabase, new: scene.wholeDatabase }]
      : [start, after, { old: startDatabase, new: afterDatabase }];
  for (const said of [databases.old, databases.new]) if (!said.startsWith('ok: ')) throw new Error(said);
  return { old, fresh, databases, start, backupsBefore, backupsAfter: idsOf(scene) };
}

/** Holds what was reported against what is, then lets the next command run and looks at everything. */
export async function judge(
  scene: Scene,
  operation: Operation,
  clean: Undisturbed,
  fault: Pick<Fault, 'code'>,
  outcome: Outcome<unknown>,
): Promise<Verdict> {
  const wrong = isDeath(fault) ? [] : judgeAnswer(scene, operation, clean, outcome);
  try {
    await scene.product.recover(scene.project, {}, scene.context);
  } catch (error) {
    wrong.push(`the next command failed: ${sayError(error)}`);
  }
  const state = stateOf(scene, clean);
  if (state.startsWith('mixed')) wrong.push(state);
  else wrong.push(...judgeDatabase(scene, clean, state === 'new' ? 'new' : 'old'));
  wrong.push(
    ...leftovers(scene).filter((line) => !isKeptForGood(line, outcome)),
    ...judgeLog(scene, operation, clean, state, outcome),
  );
  for (const { id, folder } of scene.product.listBackups(scene.project.repository)) {
    if (!(await verifies(scene, id, folder))) wrong.push(`${id} does not verify`);
  }
  return { state: state === 'old' || state === 'new' ? state : 'mixed', wrong };
}

/** The SQLite database is whole, and as old or new as all else. */
function judgeDatabase(scene: Scene, { databases }: Undisturbed, state: 'old' | 'new'): string[] {
  const said = scene.database();
  return said === databases[state] ? [] : [`the database of the ${state} state says ${said}, not ${databases[state]}`];
}

/** `old`, `new`, or what is different from both. */
function stateOf(scene: Scene, { old, fresh, backupsBefore, backupsAfter }: Undisturbed): string {
  const now = scene.tree();
  const fromOld = compareTrees(old, now);
  const fromNew = compareTrees(fresh, now);
  if (fromOld.length > 0 && fromNew.length > 0) return `mixed: ${fromOld.join(', ')}; ${fromNew.join(', ')}`;
  const sameTree = fromOld.length === 0 && fromNew.length === 0;
  if (!sameTree) return fromNew.length === 0 ? 'new' : 'old';
  // What leaves the tree alone brings a backup or takes some away, one by one.
  const ids = idsOf(scene).filter(isMigration);
  const before = backupsBefore.filter(isMigration);
  const after = backupsAfter.filter(isMigration);
  const gone = before.filter((id) => !ids.includes(id) && after.includes(id));
  if (gone.length > 0) return `mixed: ${gone.join(', ')} is gone`;
  return ids.length === after.length ? 'new' : 'old';
}

/** Whether the answer is true: 0 says new, 7 that it may be in between, everything else that nothing was changed. */
function judgeAnswer(scene: Scene, operation: Operation, clean: Undisturbed, { value, error }: Outcome<unknown>) {
  const { product, root } = scene;
  const known = product.fromSystemError(error, 'the operation failed', root);
  const exit = known instanceof product.BackupError ? product.exitCodeOfError(known.code) : error === undefined ? 0 : 1;
  if (exit === 1) return [`ended as a bug: ${sayError(error)}`];
  if (exit === 7) return [];
  const now = scene.tree();
  const is = (tree: Tree): boolean => compareTrees(tree, now).length === 0;
  if (exit === 0) {
    const said = outcomeOf(value);
    const expected = expectedAfter(said, clean);
    const left = tellsOfLeftovers(value, scene.said) ? [] : leftovers(scene);
    return [...(is(expected) ? [] : [`said ${said}, and is not`]), ...left];
  }
  const promised = operation.pending === true ? is(clean.start) || is(clean.old) || is(clean.fresh) : is(clean.old);
  const wrong = promised ? [] : [`exit code ${exit} says that nothing was changed: ${sayError(error)}`];
  const made = idsOf(scene).filter((id) => isMigration(id) && !clean.backupsBefore.includes(id));
  if (made.length > 0) wrong.push(`exit code ${exit} says that there is no backup, and ${made.join(', ')} stands`);
  const removed = clean.backupsBefore.length - idsOf(scene).filter((id) => clean.backupsBefore.includes(id)).length;
  const some = removed > 0 && clean.backupsAfter.length < clean.backupsBefore.length;
  if (some && !sayError(known).includes(`${removed} of`)) wrong.push(`${removed} backups are gone: ${sayError(known)}`);
  return wrong;
}

/**
 * What stays in .migbackup is said: it is all that is left of what was replaced, or what the next command logs the operation by, or garbage that the
 * system does not let us remove.
 */
function tellsOfLeftovers(report: unknown, said: readonly string[]): boolean {
  const codes = codesOf(report);
  return (
    codes.includes('aside-kept') ||
    codes.includes('log-not-written') ||
    codes.includes('taken-not-noted') ||
    codes.includes('not-removed') ||
    said.some((note) => note.includes('stays until') || note.includes('is left over and cannot be removed'))
  );
}

/** What was replaced and is not in the safety backup stays until somebody has looked at it; that was said, with the place. */
function isKeptForGood(line: string, { value }: Outcome<unknown>): boolean {
  const [name] = line.split(' ');
  return findingsOf(value).some(
    ({ code, message }) =>
      code === 'aside-kept' && message.includes(`/${name}:`) && message.endsWith('is not in the safety backup'),
  );
}

function expectedAfter(said: string, { start, old, fresh }: Undisturbed): Tree {
  if (said === 'nothing') return start;
  return said === 'taken-back' || said === 'removed-stage' ? old : fresh;
}

/** What changed the project is what undo would take back; what was removed is on record once. */
function judgeLog(scene: Scene, { logged }: Operation, clean: Undisturbed, state: string, { value }: Outcome<unknown>) {
  const records = scene.product.operationsOn(scene.project);
  const wrong: string[] = [];
  const excused = codesOf(value).includes('log-not-written');
  const last = records.findLast(({ operation }) => operation !== 'prune')?.operation;
  if (logged !== null && state === 'new' && last !== logged && !excused)
    wrong.push(`the log does not tell of the ${logged}, but of ${last}`);
  const now = idsOf(scene);
  for (const id of clean.backupsBefore.filter((each) => !now.includes(each))) {
    const told = records.filter(({ operation, backupId }) => operation === 'prune' && backupId === id).length;
    if (told !== 1 && !excused) wrong.push(`the removal of ${id} is on record ${told} times`);
  }
  return wrong;
}

/** What a report says: findings' codes, and its outcome where it has one. */
function codesOf(report: unknown): string[] {
  return findingsOf(report).map(({ code }) => code);
}

function findingsOf(report: unknown): { readonly code: string; readonly message: string }[] {
  if (typeof report !== 'object' || report === null || !('findings' in report)) return [];
  return Array.isArray(report.findings) ? report.findings : [];
}

function outcomeOf(report: unknown): string {
  const has = typeof report === 'object' && report !== null && 'outcome' in report;
  return has && typeof report.outcome === 'string' ? report.outcome : 'done';
}

function leftovers(scene: Scene): string[] {
  const state = scene
    .names('.migbackup')
    .filter((name) => !name.startsWith('lock.db') && !['guard', 'project.json'].includes(name));
  const guard = scene.names('.migbackup/guard').filter((name) => !name.startsWith('lock.db'));
  const repository = scene.names('backups').filter((name) => name.startsWith('.'));
  return [...state, ...guard, ...repository].map((name) => `${name} is left over`);
}

/** Backups that verified once, by all of their bytes: the same bytes need no second look. */
const proven = new Set<string>();

async function verifies({ product, context }: Scene, id: string, folder: string): Promise<boolean> {
  const bytes = digestOf(folder);
  if (proven.has(bytes)) return true;
  const { status } = await product.verify({ id, folder, dispose() {} }, { mode: 'full', repository: null }, context);
  if (status !== 'FAILED') proven.add(bytes);
  return status !== 'FAILED';
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const file = path.join(folder, name);
    hash.update(`${name}\0`);
    if (fs.lstatSync(file).isFile()) hash.update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}
