/*
 * Room "history": what was done to a project and what is unfinished. `undo` relies on the operation log (reports/operations.ndjson).
 * pending-operations.ts adds what a killed run could not log. marker.ts knows the command that a killed guard was running.
 */
import os from 'node:os';
import { checkoutOf } from '../config/checkout.ts';
import { areStrangers, identityOf } from '../config/identity.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { operationRecordSchema, type OperationRecord } from '../model/operation-record.ts';
import { logOperation, readOperations } from '../repository/reports.ts';

/** The log's record of the removal of a backup. */
export function removalOf(backupId: string): Operation {
  return { operation: 'prune', backupId, planHash: null, safetyId: null, transactionId: null, exit: 0 };
}

/** What a caller knows about its operation. The log adds who, where and when. */
export type Operation = Pick<
  OperationRecord,
  'operation' | 'backupId' | 'planHash' | 'safetyId' | 'transactionId' | 'exit'
>;

/** Appends to the operation log. It never throws, because the operation is already done: a log that cannot be written is a finding. */
export function recordOperation(project: Project, operation: Operation, context: Context): Finding[] {
  try {
    const record: OperationRecord = {
      time: (context.now ?? (() => new Date()))().toISOString(),
      user: userName(),
      host: os.hostname(),
      ci: process.env['GITHUB_RUN_ID'] ?? process.env['CI_JOB_ID'] ?? null,
      root: project.root,
      ...checkoutOf(project.root),
      project: identityOf(project),
      ...operation,
    };
    logOperation(project.repository, record);
    return [];
  } catch (error) {
    const why = errnoOf(error) ?? (error instanceof Error ? error.message : String(error));
    return [
      {
        code: 'log-not-written',
        severity: 'warning',
        message: `the operation log could not be written (${why}): ${outlook(operation)}`,
        path: project.repository,
      },
    ];
  }
}

/** A later command can log a transaction from the journal that it left behind. */
/** Nothing of the project is changed by these, so undo has nothing to do with them. */
const ELSEWHERE = new Set(['push', 'prune-remote', 'key-drill', 'key-reseal']);

function outlook({ operation, transactionId }: Operation): string {
  if (ELSEWHERE.has(operation)) return `this ${operation} is not on record`;
  return transactionId === null
    ? `migbackup undo will not know of this ${operation}`
    : `the next command that changes something, such as migbackup undo, writes it first; what was replaced stays in .migbackup until then`;
}

/**
 * The operations on this project in this folder, oldest first: another checkout may have worked at the same path, and this one at another path. A
 * line that does not say in which checkout it was counts by its path. Lines that are not records (such as a torn last one) are ignored.
 */
export function operationsOn(project: Project): OperationRecord[] {
  const here = checkoutOf(project.root);
  const names = identityOf(project);
  return operationsIn(project.repository).filter(({ checkout, place, root, project: theirs }) => {
    if (theirs !== undefined && areStrangers(names, theirs)) return false;
    if (checkout === null && place === null) return root === project.root;
    return (checkout !== null && checkout === here.checkout) || (place !== null && place === here.place);
  });
}

/** The operations on every project that uses this repository, oldest first. */
export function operationsIn(repository: string): OperationRecord[] {
  return readOperations(repository).flatMap((line) => {
    const parsed = operationRecordSchema.safeParse(line);
    return parsed.success ? [parsed.data] : [];
  });
}

/** The operations that can be taken back. */
export const REVERSIBLE = new Set(['restore', 'undo', 'guard']);

/** The user's name, or the user's number if the system has no name for it (in some containers). */
function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
