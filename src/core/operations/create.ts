import { type DescribedBackup, prepareMigrationBackup, type MigrationOptions } from '../capture/migration-backup.ts';
import { recoverLeftovers } from '../change/settle.ts';
import { guardAtWork } from '../history/guard-at-work.ts';
import type { Project } from '../model/category.ts';
import type { CreateReport } from '../model/create-report.ts';
import type { PushWanted } from '../history/push-targets.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import { startReport } from '../repository/report-head.ts';
import { withLocks } from '../repository/with-locks.ts';

/** The manifest keeps this finding: such a backup is partial, and is not `latest` if there is a complete one. */
const TAKEN_WHILE_GUARDED = {
  code: 'taken-while-guarded',
  severity: 'warning',
  message: 'a guarded command is at work: this backup holds what it has done so far',
  recommendation: 'Take another backup once the command has ended.',
} as const satisfies Finding;

export interface CreateOptions extends MigrationOptions {
  /** Copy the backup to remotes, once it is committed. */
  readonly push?: PushWanted | undefined;
  /** Sign the backup with this key first. */
  readonly sign?: string | undefined;
}

/**
 * Takes a backup of kind migration and proves it. Throws NOTHING_TO_BACK_UP, UNKNOWN_CATEGORY, NO_SPACE, REPOSITORY_UNWRITABLE, LOCKED, the
 * SOURCE_* and DATABASE_* errors, PROOF_FAILED or INTERRUPTED; then there is no backup. With `push` it throws what `pushTargets` throws before anything is made; a remote that
 * fails afterwards is in the report, and so is a key that does not sign: then nothing is pushed.
 */
export async function create(project: Project, options: CreateOptions, context: Context): Promise<CreateReport> {
  const head = startReport(context);
  // Modules about remotes are loaded only where there is something to push.
  const engine = options.push === undefined ? null : await import('../history/push-copies.ts');
  const targets =
    options.push && (await (await import('../history/push-targets.ts')).pushTargets(project, options.push));
  const take = prepareMigrationBackup(project, options);
  const taken = await withLocks(project, 'create', async () => {
    await recoverLeftovers(project, context);
    const midway = guardAtWork(project.root) === null ? [] : [TAKEN_WHILE_GUARDED];
    for (const finding of midway) context.onEvent?.({ type: 'finding', finding });
    return take(context, midway);
  });
  const signed = options.sign === undefined ? null : await signing(taken, options.sign);
  const described = { ...taken, ...signed, findings: [...taken.findings, ...(signed?.findings ?? [])] };
  if (targets === undefined || engine === null) return { ...head(), ...described };
  const { minCopies } = targets;
  // The commit of a copy is never written anew, so what is pushed without a signature gets none.
  if (signed?.signature === null) return { ...head(), ...described, copies: [], minCopies };
  const { copies, findings } = await engine.pushTaken(project, taken, targets, context);
  return { ...head(), ...described, copies, minCopies, findings: [...described.findings, ...findings] };
}

async function signing(taken: DescribedBackup, key: string): Promise<Pick<CreateReport, 'signature' | 'findings'>> {
  const { trySigning } = await import('../protection/sign-backup.ts');
  const signed = await trySigning(taken, key);
  return 'code' in signed ? { signature: null, findings: [signed] } : { signature: signed, findings: [] };
}
