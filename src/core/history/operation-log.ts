/*
 * Room "history": what was done to a project and what is unfinished. The operation log (reports/operations.ndjson) is what undo goes by;
 * pending-operations.ts adds what a killed run could not log; marker.ts knows the command that a killed guard had been running.
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

/** What is known of the removal of a backup. */
export function removalOf(backupId: string): Operation {
  return { operation: 'prune', backupId, planHash: null, safetyId: null, transactionId: null, exit: 0 };
}

/** What a caller knows of its operation; who, where and when are added. */
export type Operation = Pick<
  OperationRecord,
  'operation' | 'backupId' | 'planHash' | 'safetyId' | 'transactionId' | 'exit'
>;

/** Appends to the operation log. It never throws: what was done stays done; a log that cannot be written is a finding. */
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

/** A transaction leaves behind what a later command can log it by. */
function outlook({ operation, transactionId }: Operation): string {
  return transactionId === null
    ? `migbackup undo will not know of this ${operation}`
    : `the next command that changes something, also migbackup undo, writes it first; what was replaced stays in .migbackup until then`;
}

/**
 * The operations on this project in this folder, oldest first: another checkout's may have been done at the same path, and this one's at another. A line that
 * says neither goes by the path. Lines that are no records (a torn last one) are passed over.
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

/** What can be reversed. */
export const REVERSIBLE = new Set(['restore', 'undo', 'guard']);

/** The user's name, or its number where the system has no name for it (some containers). */
function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
