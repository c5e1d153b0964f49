import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { looking, sayForbidden } from '../paths/barred.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import { BackupError } from '../model/backup-error.ts';

const NOT_SEEN = `cannot see what is in ${STATE_FOLDER}`;

/** Where a restore keeps its files: on the same file system as the project, so that every move is a rename. */
export interface StatePaths {
  readonly state: string;
  readonly transaction: string;
  /** `stage/<n>`: the new content of unit n. */
  readonly stage: string;
  /** `aside/<n>`: the old content of unit n. */
  readonly aside: string;
  /** `shells/<k>`: empty folders that were in the way. They are removed with the transaction. */
  readonly shells: string;
  /** If this file exists, swapping is allowed. */
  readonly plan: string;
  /** If this file exists, the change is being taken back. */
  readonly undo: string;
}

export function statePaths(root: string): StatePaths {
  const state = path.join(root, STATE_FOLDER);
  const transaction = path.join(state, 'txn');
  return {
    state,
    transaction,
    stage: path.join(transaction, 'stage'),
    aside: path.join(transaction, 'aside'),
    shells: path.join(transaction, 'shells'),
    plan: path.join(transaction, 'plan.json'),
    undo: path.join(transaction, 'undo'),
  };
}

/** The error to throw if this user may not look at our folder: an IO error that says how to fix that. Any other error is returned as it is. */
export function stateForbidden(error: unknown, file: string): unknown {
  return sayForbidden(error, file, NOT_SEEN);
}

/** Whether there is a journal, whatever it contains. Throws IO if this user may not look. */
export function isPending(root: string): boolean {
  const { plan } = statePaths(root);
  return looking(plan, NOT_SEEN, () => lstatOrNull(plan)) !== null;
}

/**
 * Throws IO if this user may not look, and UNSAFE_TARGET if one of our folders is a link or file. A checkout may contain such a link, and moves must
 * not lead out of the project.
 */
export function assertRealState(root: string): void {
  const { state, transaction, stage, aside, shells } = statePaths(root);
  for (const folder of [state, transaction, stage, aside, shells, path.join(state, 'guard')]) {
    const stat = looking(folder, NOT_SEEN, () => lstatOrNull(folder));
    if (stat === null || stat.isDirectory()) continue;
    throw new BackupError('UNSAFE_TARGET', `${folder} is not a real folder`, {
      hint: 'Nothing was changed. Find out what it is and remove it, then run the command again.',
      path: folder,
    });
  }
}
