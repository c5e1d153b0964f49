import type { Project } from '../model/category.ts';
import type { Undone } from '../model/undo-report.ts';
import { allReversible, requireSettled, type Reversible } from './pending-operations.ts';
import { operationsIn, REVERSIBLE } from './operation-log.ts';

/** The exit code that is logged for a guard that brought everything back. */
const ROLLED_BACK = 20;

/** An operation that undo can take back now, or once it has taken back what came after it. */
export interface Step {
  /** The safety backup that it took, which undo brings back. If guard kept the result of the command, this is guard's own backup. */
  readonly id: string;
  readonly record: Reversible;
  /** What was done, in words: `the restore of migration-…`. */
  readonly what: string;
  /** How the project is once the step is taken back, in words: `as it was before that restore`. */
  readonly becomes: string;
  /** True if a guard had brought everything back. To take that back means to bring back the failed state. */
  readonly rolledBack: boolean;
  /** For an undo: what it undid or redid. */
  readonly about: string;
  readonly redo: boolean;
}

/**
 * The steps that led to the present state of the project, oldest first. `back`: each step begins where the one before it ended, so the last can be
 * taken back, then the one before it. `forth`: the undos that can be taken back in the same way, as long as nothing new is done.
 */
export interface Steps {
  readonly back: readonly Step[];
  readonly forth: readonly Step[];
  /** The newest step, which undo takes back unless it is told another. */
  readonly last: Step | undefined;
}

/** The steps of a project, including those of killed runs that are not settled and logged yet. Throws UNSAFE_TARGET while a restore is unfinished. */
export function stepsOf(project: Project): Steps {
  requireSettled(project.root);
  return stepsSoFar(project);
}

/** The same without an unfinished operation, which is not a step yet. For commands that only show steps. */
export function stepsSoFar(project: Project): Steps {
  return replay(allReversible(project));
}

/** A step in the form that reports use. */
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

/** Replays the records. An undo is recognised by the backup that it brought back, which is the safety backup of the step that it reversed. */
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
      // This is something new, so earlier undos belong to a state that no longer exists.
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
