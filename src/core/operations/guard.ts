import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { gitCleanable } from '../checks/preflight/repository.ts';
import { shellLine } from '../model/shell-quote.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import type { CommandResult, GuardReport } from '../model/guard-report.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { keepReport } from '../repository/reports.ts';
import { prepareMigrationBackup, type DescribedBackup, type MigrationOptions } from '../capture/migration-backup.ts';
import { lookAtChanges, lookIfPossible, type Changes } from './guard/changes.ts';
import { AllowedLoss } from './guard/allowed-loss.ts';
import { lossFindings, notBroughtBack } from './guard/loss-findings.ts';
import { interruptedBefore, wayBackFailed } from './guard/failures.ts';
import { requireProgram } from '../history/find-program.ts';
import { logKept } from './guard/log-kept.ts';
import { claimBackup, releaseClaims } from '../history/claim.ts';
import { refuseWhileGuarded } from '../history/guard-at-work.ts';
import { putBallast } from '../history/ballast.ts';
import { dropBallast, dropMarker, interruptedGuard, lockGuard, markFailed, writeMarker } from '../history/marker.ts';
import { changedOutside, lookOutside } from './guard/outside.ts';
import { runCommand, runShell, succeeded, type RunOptions } from '../history/run-command.ts';
import { endSurvivors, GUARD_VARIABLE, processesIn } from '../history/survivors.ts';
import { refuseBarred } from './guard/way-back-barred.ts';
import { prepareFirst, type FirstWanted } from './guard/sign-and-push.ts';
import { stillRunning } from './guard/still-running.ts';
import { asTaken, goBack, type WentBack } from './guard/way-back.ts';
import { recordOperation } from '../history/operation-log.ts';
import { recordLeft } from '../change/left-by-command.ts';
import { recoverLeftovers } from '../change/settle.ts';
import { startReport } from '../repository/report-head.ts';
import { withLocks } from '../repository/with-locks.ts';

export type OnFailure = 'restore' | 'keep' | 'ask';

export interface GuardOptions extends FirstWanted {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Lines of shell that must all succeed after the command, or it has failed. */
  readonly checks: readonly string[];
  /** Undefined: go back, unless the command sent transactions to a chain. */
  readonly onFailure: OnFailure | undefined;
  /** Called for `ask` if there is something to bring back; true means to go back. `loss` is why a command that exited with 0 has failed. */
  readonly confirm: (changes: Changes, loss: readonly Finding[]) => Promise<boolean>;
  /** `no-loss`: a command that lost something has failed. Undefined: what the config says. */
  readonly expect?: 'no-loss' | undefined;
  /** Names of losses that do not count, with `*` for anything. */
  readonly allowLoss?: readonly string[];
  readonly stdoutToStderr: boolean;
  /** How long to wait, once the command has ended, for another migbackup that holds a lock. */
  readonly lockWaitMs: number;
  readonly backup: Pick<MigrationOptions, 'tags' | 'note'>;
}

/**
 * Takes and proves a backup, runs a command, and if that fails brings everything back that the backup covers, exactly. Throws what create
 * throws (then the command was not run), LOCKED if a guard is at work, WAY_BACK_FAILED if the state before could not be brought back.
 */
export async function guard(project: Project, options: GuardOptions, context: Context): Promise<GuardReport> {
  const head = startReport(context);
  const resolved = resolve(project, options);
  requireProgram(options.command[0] ?? '', process.cwd(), process.env);
  const signAndPush = await prepareFirst(project, options);
  // Our own lock would make a killed guard look alive, so this comes first: what that guard ran has to be logged, or undo would take back something older.
  if (interruptedGuard(project.root) !== null)
    await withLocks(project, 'guard', () => {
      refuseWhileGuarded(project.root);
      return recoverLeftovers(project, context);
    });
  const lock = lockGuard(project.root);
  try {
    const cleanable = await gitCleanable(
      project,
      process.cwd(),
      (place) => `Keep backups outside of the work tree: ${shellLine(['--backups', place])}.`,
    );
    // A note is seen before the command begins. If the command takes the backups away, no report is printed at all.
    for (const { message, recommendation = '' } of cleanable)
      context.onEvent?.({ type: 'note', message, next: recommendation });
    const note = options.backup.note ?? `before: ${options.command.join(' ')}`;
    const take = prepareMigrationBackup(project, { ...options.backup, note, verify: true, allowPartial: false });
    const taken = await withLocks(project, 'create', async () => {
      await recoverLeftovers(project, context);
      return take(context);
    });
    if (options.onFailure !== 'keep') await refuseBarred(project, taken);
    const done = await signAndPush(taken, context);
    const known = [...taken.findings, ...done.findings].filter(({ severity }) => severity !== 'info');
    const parts = await runGuarded(project, taken, resolved, context);
    const report: GuardReport = {
      ...head(),
      operation: 'guard',
      root: project.root,
      backupId: taken.backupId,
      folder: taken.folder,
      ...done.parts,
      ...parts,
      // The way back does not bring back what create warned about either.
      findings: [...cleanable, ...known, ...parts.findings],
      reportFile: null,
    };
    return keepReport(project.repository, taken.backupId, 'guard', report);
  } finally {
    lock.release();
  }
}

/** The options together with what the config says. */
interface Resolved extends GuardOptions {
  readonly wanted: 'no-loss' | null;
  readonly allowed: AllowedLoss;
}

/** Throws USAGE if `--allow-loss` would change nothing. */
function resolve(project: Project, options: GuardOptions): Resolved {
  const wanted = options.expect ?? project.config.expect ?? null;
  const { allowLoss = [] } = options;
  if (wanted === null && allowLoss.length > 0) {
    throw new BackupError('USAGE', '--allow-loss needs --expect no-loss: without it no loss counts', {
      hint: 'Add --expect no-loss, or "guard": {"expect": "no-loss"} to the config.',
    });
  }
  return { ...options, wanted, allowed: new AllowedLoss(allowLoss) };
}

type Guarded = Omit<
  GuardReport,
  'tool' | 'startedAt' | 'durationMs' | 'operation' | 'root' | 'backupId' | 'folder' | 'reportFile'
>;

async function runGuarded(
  project: Project,
  taken: DescribedBackup,
  options: Resolved,
  context: Context,
): Promise<Guarded> {
  const { backupId, folder } = taken;
  const token = randomBytes(8).toString('hex');
  const before = lookOutside(project);
  const here = processesIn(fs.realpathSync(project.root));
  // Nothing is awaited from here to the start of the command, so no signal is lost in between.
  if (context.signal?.aborted === true) throw interruptedBefore(backupId);
  const selected = asTaken(taken);
  const unclaimed = claimBackup(project, backupId);
  const marker = { backupId, command: [...options.command], startedAt: new Date().toISOString(), token };
  writeMarker(project.root, marker);
  if (options.onFailure !== 'keep') putBallastOrLeave(project.root, taken.totals.bytes);
  context.onEvent?.({
    type: 'note',
    message: `${backupId} is taken and verified; running ${options.command.join(' ')}`,
  });
  const env = { ...process.env, MIGBACKUP_ID: backupId, MIGBACKUP_DIR: folder, [GUARD_VARIABLE]: token };
  const { stdoutToStderr } = options;
  const run = { cwd: process.cwd(), env, stdoutToStderr };
  const ended = await runAll(options, run, context);

  // From here on nothing is cut short: a signal has interrupted the command, not what follows it.
  const after: Context = { ...context, signal: undefined };
  const { outside: changed, findings } = changedOutside(before, lookOutside(project));
  try {
    dropBallast(project.root);
    const ending = await conclude(project, selected, ended, token, options, after);
    // If a command that succeeded left something running, it started that as a service.
    const running = ending.outcome === 'succeeded' ? [] : stillRunning(project.root, here);
    const found = [...unclaimed, ...findings, ...ending.findings, ...running, ...dropMarker(project.root)];
    releaseClaims(project);
    // A pipe in the place of a file counts as outside, but the backup holds that file and the way back restores it.
    const held = new Set(ending.paths.map(({ path }) => path));
    const outside = changed.filter((path) => !held.has(path));
    return { ...ended, expect: options.wanted, outside, ...ending, findings: found };
  } catch (error) {
    const failed = { operation: 'guard', backupId, planHash: null, safetyId: backupId, transactionId: null, exit: 7 };
    // The error that is thrown says more than these findings. The failure has to be on record: in the log, or else in the marker.
    if (recordOperation(project, failed, after).length === 0) dropMarker(project.root);
    else markFailed(project.root, marker);
    throw wayBackFailed({ id: backupId, folder }, ended.result, error);
  }
}

/** Reserves room for the way back. If there is not enough, the command is not run, and the marker is removed, because it says that the command was run. */
function putBallastOrLeave(root: string, bytes: number): void {
  try {
    putBallast(root, bytes);
  } catch (error) {
    dropMarker(root);
    throw error;
  }
}

/** Keeps what the command did, or goes back. */
async function conclude(
  project: Project,
  selected: SelectedBackup,
  ended: Ended,
  token: string,
  options: Resolved,
  context: Context,
): Promise<Ending> {
  const { wanted, allowed, onFailure } = options;
  const isDone = ended.interrupted === null && succeeded(ended.result) && ended.checks.every(succeeded);
  if (!isDone) await endSurvivors(token);
  // This plans the way back: if it cannot be planned, it cannot be gone either. Where nobody wants to go back, nothing depends on the answer.
  const mayGoBack = onFailure !== 'keep' && (!isDone || wanted !== null);
  const look = mayGoBack
    ? { ...(await lookAtChanges(project, selected, allowed, context)), findings: [] }
    : await lookIfPossible(project, selected, allowed, context);
  // Under `no-loss`, records decide what was sent to a chain.
  const changes = wanted === null ? look.changes : { ...look.changes, external: [...look.sent] };
  const loss = lossFindings(changes.loss, allowed, wanted);
  const seen: Seen = { changes, unknown: look.findings, loss };
  if (isDone && !loss.some(({ severity }) => severity === 'error'))
    return keep(project, selected, 'succeeded', seen, options, context);
  if (isDone) await endSurvivors(token);
  if (!mayGoBack || !(await wantsBack(options, seen))) {
    const lost = wanted === null ? [] : notBroughtBack(project.root, selected.id, changes.loss);
    return keep(project, selected, 'kept', { ...seen, loss: [...loss, ...lost] }, options, context);
  }
  return rolledBack(seen, await goBack(project, selected, context, options.lockWaitMs));
}

/** What the command did. */
interface Seen {
  readonly changes: Changes;
  /** Why its changes are not known; empty if they are. */
  readonly unknown: readonly Finding[];
  /** What it lost; an error is a failure. */
  readonly loss: readonly Finding[];
}

type Ended = Pick<GuardReport, 'result' | 'checks' | 'interrupted'>;

/** Runs the command, then each check until one fails or a signal comes: a command that ends with 0 after a signal may have done half its work. */
async function runAll({ command, checks }: GuardOptions, run: RunOptions, context: Context): Promise<Ended> {
  const interrupted = (): string | null => (context.signal?.aborted === true ? String(context.signal.reason) : null);
  context.onEvent?.({ type: 'command-begin' });
  try {
    const result = await runCommand(command, run);
    const checked: CommandResult[] = [];
    for (const check of succeeded(result) ? checks : []) {
      if (interrupted() !== null) break;
      const outcome = await runShell(check, run);
      checked.push(outcome);
      if (!succeeded(outcome)) break;
    }
    return { result, checks: checked, interrupted: interrupted() };
  } finally {
    context.onEvent?.({ type: 'command-end' });
  }
}

/** If the user has not decided, sent transactions do: no chain takes them back, so their records must not be lost. */
async function wantsBack({ onFailure, confirm }: GuardOptions, { changes, loss }: Seen): Promise<boolean> {
  const isFailure = ({ severity }: Finding): boolean => severity === 'error';
  if (onFailure === 'ask') return changes.paths.length === 0 || confirm(changes, loss.filter(isFailure));
  return onFailure === 'restore' || changes.external.length === 0;
}

type Ending = Omit<Guarded, 'result' | 'checks' | 'interrupted' | 'expect' | 'outside'>;

/** The changes stay, and are logged, so that undo can take them back. */
async function keep(
  project: Project,
  selected: SelectedBackup,
  outcome: 'succeeded' | 'kept',
  { changes, unknown, loss }: Seen,
  { lockWaitMs }: GuardOptions,
  context: Context,
): Promise<Ending> {
  // If the changes are not known, there may be some.
  if (changes.paths.length === 0 && unknown.length === 0)
    return { outcome, ...changes, safetyBackup: null, findings: [...loss], next: [] };
  const paths = changes.paths.map(({ path }) => path);
  const left = unknown.length > 0 ? [] : recordLeft(project.root, project.repository, selected.id, paths);
  const logged = await logKept(project, selected.id, outcome === 'kept' ? 21 : 0, lockWaitMs, context);
  return {
    outcome,
    ...changes,
    safetyBackup: null,
    findings: [...unknown, ...loss, ...left, ...logged],
    next: wayBack(selected.id, [...unknown, ...logged]),
  };
}

/** The line that takes the command back. undo needs the log, and both lines need the backup. */
function wayBack(id: string, findings: readonly Finding[]): string[] {
  const has = (wanted: FindingCode): boolean => findings.some(({ code }) => code === wanted);
  if (has('way-back-lost')) return [];
  return [has('log-not-written') ? `migbackup restore ${id} --exact` : 'migbackup undo'];
}

function rolledBack({ changes, loss }: Seen, { safetyBackup, findings }: WentBack): Ending {
  const next = safetyBackup === null ? [] : [`migbackup show ${safetyBackup}`];
  return { outcome: 'rolled-back', ...changes, safetyBackup, findings: [...loss, ...findings], next };
}
