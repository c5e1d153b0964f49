import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { OperationRecord } from '../model/operation-record.ts';
import { parseId } from '../format/id.ts';
import type { Journal } from '../transaction/journal-schema.ts';
import { finishedTransactions, pendingTransaction } from '../transaction/transaction.ts';
import { unfinished } from './unfinished.ts';
import { visibleGuard } from './marker.ts';
import type { Marker } from './marker-schema.ts';
import { operationsOn, REVERSIBLE, type Operation } from './operation-log.ts';

/** The exit code that is logged for a guard that was killed. */
const INTERRUPTED = 130;

/** The exit code that is logged for a guard that could not bring back what was there before its command. */
export const WAY_BACK_FAILED = 7;

/** The record of a restore that was committed and then killed before it was logged. */
export function operationOfJournal({ id, operation, backupId, planHash }: Journal): Operation {
  const safetyId = parseId(id)?.kind === 'safety' ? id : null;
  return { operation, backupId, planHash, safetyId, transactionId: id, exit: 0 };
}

/** The record of a command whose guard was killed. */
export function operationOfGuard({ backupId, failed }: Marker): Operation {
  return {
    operation: 'guard',
    backupId,
    planHash: null,
    safetyId: backupId,
    transactionId: null,
    exit: failed === true ? WAY_BACK_FAILED : INTERRUPTED,
  };
}

/** Whether the end of this guard was logged. Then it need not be reported. */
export function isGuardLogged(project: Project, { backupId }: Marker): boolean {
  return operationsOn(project).some((record) => record.operation === 'guard' && record.backupId === backupId);
}

/** The finished transactions that are not in the operation log. */
export function unloggedAmong(project: Project, finished: readonly Journal[]): Journal[] {
  if (finished.length === 0) return [];
  const logged = new Set(operationsOn(project).map((record) => record.transactionId));
  return finished.filter(({ id }) => !logged.has(id));
}

/** An operation that changed the project, with what is needed to take it back. */
export type Reversible = Pick<
  OperationRecord,
  'operation' | 'time' | 'backupId' | 'safetyId' | 'transactionId' | 'exit' | 'project'
>;

/**
 * The operations that changed the project, oldest first. Killed ones that are not settled and logged yet are included. An unfinished one is not,
 * because its result is not known yet.
 */
export function allReversible(project: Project): Reversible[] {
  const logged = operationsOn(project).filter(({ operation }) => REVERSIBLE.has(operation));
  const finished = unloggedAmong(project, finishedTransactions(project.root));
  const guard = visibleGuard(project.root);
  const killed = guard === null || isGuardLogged(project, guard) ? [] : [guard];
  return [
    ...logged,
    ...finished.map((journal) => ({ ...operationOfJournal(journal), time: journal.startedAt })),
    ...killed.map((marker) => ({ ...operationOfGuard(marker), time: marker.startedAt })),
  ];
}

/** Throws UNSAFE_TARGET while a restore is unfinished: a plan made from a half-changed project would be wrong. */
export function requireSettled(root: string): void {
  // An error about an unreadable journal is thrown as it is.
  if (pendingTransaction(root) === null) return;
  const pending = unfinished(root);
  if (pending === null) return;
  const { message, command } = pending;
  throw new BackupError('UNSAFE_TARGET', message, {
    hint:
      command === null
        ? 'Nothing was changed. Wait until it has finished, then run this command again.'
        : `Nothing was changed. First run: ${command}. Then run this command again.`,
    path: root,
  });
}
