import type { Project } from '../model/category.ts';
import type { Undone } from '../model/undo-report.ts';
import { allReversible, requireSettled, type Reversible } from './pending-operations.ts';
import { operationsIn, REVERSIBLE } from './operation-log.ts';

/** The exit code that is logged for a guard that brought everything back. */
const ROLLED_BACK = 20;

/** An operation that undo can take back now, or once it has taken back what came after it. */
export interface Step {
  /** The safety backup that it took, which undo brings back; guard's own backup where the command's result was kept. */
  readonly id: string;
  readonly record: Reversible;
  /** What was done, as it is said: `the restore of migration-…`. */
  readonly what: string;
  /** What the project is once that is taken back: `as it was before that restore`. */
  readonly becomes: string;
  /** A guard had brought everything back: taking that back brings the failed state. */
  readonly rolledBack: boolean;
  /** Whose undo or redo it is, for an undo. */
  readonly about: string;
  readonly redo: boolean;
}

/**
 * What led to the state that the project is in, oldest first. `back`: each begins where the one before it ended, so the last can be taken back, then the
 * one before it. `forth`: the undos that can be taken back in the same way, for as long as nothing new is done.
 */
export interface Steps {
  readonly back: readonly Step[];
  readonly forth: readonly Step[];
  /** The newest of all: what undo takes back where it is told no other. */
  readonly last: Step | undefined;
}

/** The steps of a project, of killed runs that nobody has settled and logged yet too. Throws UNSAFE_TARGET while a restore is unfinished. */
export function stepsOf(project: Project): Steps {
  requireSettled(project.root);
  return stepsSoFar(project);
}

/** The same without what is unfinished, which is no step yet: for who only shows them. */
export function stepsSoFar(project: Project): Steps {
  return replay(allReversible(project));
}

/** A step as reports have it. */
export function describeStep({ id, record, what, becomes, rolledBack }: Step): Undone {
  const { operation, time, backupId } = record;
  return { id, operation, time, backupId, what, becomes, rolledBack };
}

/** The backups that `undo` may bring back next, of each project that uses this repository. */
export function undoTargets(repository: string): string[] {
  const records = operationsIn(repository).filter(({ operation }) => REVERSIBLE.has(operation));
  const byFolder = Map.groupBy(records, ({ checkout, root }) => checkout ?? root);
  return [...byFolder.values()].flatMap((of) => {
    const { back, forth } = replay(of);
    return [back.at(-1), forth.at(-1)].flatMap((step) => step?.record.safetyId ?? []);
  });
}

/** An undo is told by the backup that it brought back: the safety backup of what it reversed. */
function replay(records: readonly Reversible[]): Steps {
  const back: Step[] = [];
  const forth: Step[] = [];
  let last: Step | undefined;
  for (const record of records) {
    const reverses = (step: Step | undefined): boolean =>
      record.operation === 'undo' && step !== undefined && step.record.safetyId === record.backupId;
    if (reverses(back.at(-1))) {
      last = stepOf(record, back.pop());
      forth.push(last);
    } else if (reverses(forth.at(-1))) {
      last = stepOf(record, forth.pop());
      back.push(last);
    } else {
      last = stepOf(record, undefined);
      back.push(last);
      // Something new: what was undone before it belongs to a state that is gone.
      forth.length = 0;
    }
  }
  return { back, forth, last };
}

function stepOf(record: Reversible, reversed: Step | undefined): Step {
  const id = record.transactionId ?? record.safetyId ?? record.backupId;
  const rolledBack = record.operation === 'guard' && record.exit === ROLLED_BACK;
  const about = reversed?.about ?? namedByItself(record, rolledBack);
  const redo = reversed !== undefined && reversed.record.operation === 'undo' && !reversed.redo;
  const step = { id, record, rolledBack, about, redo };
  if (record.operation === 'undo' && reversed !== undefined) {
    const how = redo ? 'redo' : 'undo';
    return { ...step, what: `the ${how} of ${about}`, becomes: `as it was before that ${how}` };
  }
  const becomes = rolledBack
    ? 'as the failed command left it'
    : `as it was before that ${record.operation === 'guard' ? 'command' : record.operation}`;
  return { ...step, what: about, becomes };
}

function namedByItself({ operation, backupId }: Reversible, rolledBack: boolean): string {
  if (operation !== 'guard') return `the ${operation} of ${backupId}`;
  return rolledBack
    ? `the way back of a guard to ${backupId}, after its command had failed`
    : `the guarded command that ${backupId} was taken for`;
}
