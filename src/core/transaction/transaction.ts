/*
 * Room "transaction": changes many files as one. The caller stages new content in .migbackup/txn/stage; a durable journal says what will move; a swap
 * moves the old content aside and the new content in; one rename commits. The order of the syncs makes it survive a power cut, so read
 * docs/architecture.md and docs/reliability.md before you change a sync.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fsyncDir, lstatOrNull, removeInParallel, removeTree } from '../fs/durable.ts';
import { leftOver, removeLeftOver, type LeftOver } from '../fs/left-over.ts';
import { BackupError, errnoOf, throwIfInterrupted } from '../model/backup-error.ts';
import { parseId } from '../format/id.ts';
import { readJournal, readJournalIn, writeJournal } from './journal.ts';
import type { Journal, JournalInput } from './journal-schema.ts';
import { assertRealState, stateForbidden, statePaths } from './state-folder.ts';
import { ALONE, clearingTheWay, keepChanged, type Surroundings } from './set-aside.ts';
import { endPlacing, placesToMove, swapBack, swapForward } from './swap.ts';
import type { Unit } from './unit.ts';

const GARBAGE_PREFIX = 'garbage-';

export interface TransactionSteps {
  readonly root: string;
  readonly journal: JournalInput;
  /** Writes the new content of every unit to `stageFolder/<n>`, durably. */
  readonly stage: (stageFolder: string) => Promise<void>;
  /** Reads the changed tree again and throws if it is not as planned. */
  readonly check: () => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Before the plan is made durable, the caller already keeps others out of the places of the units. This is for places that come up later. */
  readonly surroundings?: Surroundings | undefined;
}

/**
 * Stage, journal, swap, check, commit: after any error the tree is as it was before; after any crash `recoverTransaction` brings it to the old or the
 * new state. Returns the folder that holds the old content (`committed-<id>`); the caller decides when to remove it. Throws what went wrong
 * (everything taken back), or ROLLBACK_FAILED.
 */
export async function runTransaction(steps: TransactionSteps): Promise<string> {
  const { root, journal, stage, check, signal, surroundings = ALONE } = steps;
  const paths = statePaths(root);
  fs.mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  assertRealState(root);
  // This is outside of the try: what another restore left there holds old content, and must not be removed because this restore failed.
  fs.mkdirSync(paths.transaction, { mode: 0o700 });
  try {
    fs.mkdirSync(paths.stage, { mode: 0o700 });
    fs.mkdirSync(paths.aside, { mode: 0o700 });
    await stage(paths.stage);
    // The content of the stage was synced when it was put there. The transaction's folder is synced with the journal.
    fsyncDir(paths.state);
    throwIfInterrupted(signal);
    writeJournal(root, journal);
  } catch (error) {
    abandon(root, journal, error);
    throw error;
  }
  try {
    const forward = (): void => swapForward(root, journal, () => throwIfInterrupted(signal));
    await clearingTheWay(root, journal, surroundings, forward);
    await check();
    throwIfInterrupted(signal);
    return commit(root, journal);
  } catch (error) {
    await goBack(root, journal, error, surroundings);
    throw error;
  }
}

/** Where a committed transaction keeps what it replaced, until that is disposed of. */
export function committedFolder(root: string, id: string): string {
  return path.join(statePaths(root).state, `committed-${id}`);
}

/**
 * Removes a committed transaction's folder. One rename makes it garbage, so that a kill leaves nothing that looks like old content. Returns what
 * could not be removed.
 */
export async function discardCommitted(committed: string): Promise<LeftOver | null> {
  const garbage = path.join(path.dirname(committed), GARBAGE_PREFIX + path.basename(committed));
  let left = committed;
  try {
    fs.renameSync(committed, garbage);
    left = garbage;
    // Otherwise a power cut may bring back the folder without its journal, and nothing would tell what it holds.
    fsyncDir(path.dirname(committed));
    await removeInParallel(garbage);
    return null;
  } catch (error) {
    return leftOver(left, 'kept', error);
  }
}

function commit(root: string, journal: JournalInput): string {
  const paths = statePaths(root);
  const committed = committedFolder(root, journal.id);
  fs.renameSync(paths.transaction, committed);
  try {
    fsyncDir(paths.state);
  } catch (error) {
    // A power cut may undo the rename. In both cases the journal in the folder says what to do.
    fs.renameSync(committed, paths.transaction);
    throw error;
  }
  return committed;
}

/** Ends a transaction before the swap, when only its own folder has to be removed. One rename withdraws the permission to swap, then the folder is removed. */
function abandon(root: string, journal: JournalInput, reason: unknown): void {
  try {
    closeUndone(root, journal);
  } catch (cause) {
    if (lstatOrNull(statePaths(root).plan) !== null) throw rollbackFailed(root, journal, cause, reason);
  }
}

/** Records that the change is being taken back. A full disk must not stop that: without the marker a recovery goes forward, which is exact too. */
function markUndo(root: string): void {
  const paths = statePaths(root);
  try {
    fs.closeSync(fs.openSync(paths.undo, 'w', 0o600));
    fsyncDir(paths.transaction);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

async function goBack(root: string, journal: JournalInput, reason: unknown, surroundings: Surroundings): Promise<void> {
  try {
    markUndo(root);
    await takeBack(root, journal, [], surroundings);
  } catch (cause) {
    throw rollbackFailed(root, journal, cause, reason);
  }
}

/** @param taken units that may have been taken back before a crash, in addition to those taken back now */
async function takeBack(
  root: string,
  journal: JournalInput,
  taken: readonly Unit[],
  surroundings: Surroundings,
): Promise<void> {
  const all = new Set(taken);
  await clearingTheWay(root, journal, surroundings, () => swapBack(root, journal, (unit) => all.add(unit)));
  keepChanged(root, journal, [...all], surroundings);
  closeUndone(root, journal);
}

/** Closes a transaction whose content is all back: one rename makes it garbage. */
function closeUndone(root: string, journal: JournalInput): void {
  const paths = statePaths(root);
  const undone = path.join(paths.state, `undone-${journal.id}`);
  fs.renameSync(paths.transaction, undone);
  fsyncDir(paths.state);
  // Nobody needs its content. The next run tries again and reports what it cannot remove.
  removeLeftOver(undone, []);
}

function rollbackFailed(root: string, { id }: JournalInput, cause: unknown, reason?: unknown): BackupError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const first =
    reason instanceof Error && reason.message !== why ? ` (it had to go back because: ${reason.message})` : '';
  const held = cause instanceof BackupError && cause.code === 'DATABASE_HELD';
  const safety = parseId(id)?.kind === 'safety' ? `; the safety backup ${id} holds what was there before` : '';
  const begin = held ? 'Stop the process that uses it' : 'Fix the cause';
  return new BackupError('ROLLBACK_FAILED', `the restore could not be taken back: ${why}${first}${safety}`, {
    hint: `The project is between two states; nothing is lost: both are in ${statePaths(root).transaction} and in place. ${begin}, then run: migbackup recover`,
    path: root,
    cause,
  });
}

export type Recovered = 'nothing' | 'removed-stage' | 'completed' | 'taken-back';

/** The journal of a restore that was killed, or null. Throws TRANSACTION_UNREADABLE, and IO where this user may not look. */
export function pendingTransaction(root: string): Journal | null {
  return readJournal(root);
}

/**
 * The journals of committed transactions whose old content is still there. A folder without a journal is garbage. Throws TRANSACTION_UNREADABLE if
 * the disk cannot tell, and IO if this user may not look.
 */
export function finishedTransactions(root: string): Journal[] {
  const { state } = statePaths(root);
  const folders = listState(state).filter((name) => name.startsWith('committed-'));
  return folders.flatMap((name) => {
    try {
      return readJournalIn(path.join(state, name)) ?? [];
    } catch (error) {
      if (error instanceof BackupError && errnoOf(error.cause) === undefined) return [];
      throw error;
    }
  });
}

/**
 * Finishes or takes back what a killed restore left, and removes finished ones. May itself be killed and called again. The caller holds the project's
 * lock. `left` names what is no longer needed but could not be removed; that stops nothing. Throws TRANSACTION_UNREADABLE or ROLLBACK_FAILED.
 */
export async function recoverTransaction(
  root: string,
  surroundings: Surroundings = ALONE,
  left: LeftOver[] = [],
): Promise<Recovered> {
  const paths = statePaths(root);
  const outcome = await settle(root, surroundings);
  const garbage = listState(paths.state).filter(
    (name) => name.startsWith('undone-') || name.startsWith(GARBAGE_PREFIX),
  );
  for (const name of garbage) removeLeftOver(path.join(paths.state, name), left);
  return outcome;
}

async function settle(root: string, surroundings: Surroundings): Promise<Recovered> {
  const paths = statePaths(root);
  assertRealState(root);
  if (lstatOrNull(paths.transaction) === null) return 'nothing';
  const journal = readJournal(root);
  if (journal === null) {
    removeTree(paths.transaction);
    return 'removed-stage';
  }
  const keepOut = async (way: 'forward' | 'back'): Promise<void> => {
    for (const [folder, unit] of placesToMove(root, journal, way)) await surroundings.keepOut(folder, unit);
  };
  const goingBack = lstatOrNull(paths.undo) !== null;
  try {
    endPlacing(root, journal.units);
    if (!goingBack) {
      try {
        await keepOut('forward');
        await clearingTheWay(root, journal, surroundings, () => swapForward(root, journal));
        commit(root, journal);
        return 'completed';
      } catch {
        markUndo(root);
      }
    }
    await keepOut('back');
    await takeBack(root, journal, goingBack ? journal.units : [], surroundings);
    return 'taken-back';
  } catch (cause) {
    throw rollbackFailed(root, journal, cause);
  }
}

function listState(state: string): string[] {
  try {
    return fs.readdirSync(state);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw stateForbidden(error, state);
  }
}
