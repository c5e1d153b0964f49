import { CONFIG_FILE } from '../config/config-file.ts';
import { lostState, type LostState } from '../checks/lost-state.ts';
import { mendingLine } from '../change/unreadable.ts';
import { keysNotDrilled } from '../checks/key-drills.ts';
import { candidates, knownBackups, stands, type KnownBackup } from '../checks/preflight/backups.ts';
import { describeInterruptedGuard } from '../history/describe-guard.ts';
import { guardedBackup, visibleGuard } from '../history/marker.ts';
import { WAY_BACK_FAILED, type Reversible } from '../history/pending-operations.ts';
import { unfinished } from '../history/unfinished.ts';
import { stepsOf } from '../history/undo-steps.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Pending, StatusBackup, StatusReport } from '../model/status-report.ts';
import { shellLine } from '../model/shell-quote.ts';
import type { Copy } from '../repository/remotes/list-copies.ts';
import { startReport } from '../repository/report-head.ts';
import type { KnownCopies } from '../repository/joined-copies.ts';
import { knownCopies } from '../repository/known-copies.ts';
import { repositoryProblem } from '../repository/catalog.ts';
import { Owner, readBackups } from '../repository/whose.ts';

export interface StatusOptions {
  /** Remotes that are asked for their copies first: names in the config, or URLs. */
  readonly remotes: readonly string[];
  readonly insecure: boolean;
}

/**
 * Where the project stands: what is gone, what can be brought back, what is unfinished, what comes next. It writes nothing but what it saw in remotes, in
 * the home of this user. Throws NO_SUCH_REMOTE, USAGE and INTERRUPTED.
 */
export async function status(project: Project, options: StatusOptions, context: Context): Promise<StatusReport> {
  const head = startReport(context);
  const { root, repository } = project;
  const owner = new Owner(project);
  const problem = repositoryProblem(repository);
  const all = readBackups(repository);
  const own = all.filter(({ manifest, folder }) => owner.owns(manifest, folder));
  const safety = own.filter(({ kind }) => kind === 'safety').length;
  const known = knownBackups(project);
  const [latest] = candidates(known);
  const [newest] = known;
  const here = { owner, ids: new Set(all.map(({ id }) => id)), latest: latest?.ref.time ?? null };
  const asked = options.remotes.length === 0 ? [] : await askRemotes(project, here, options, context);
  const now = (context.now ?? (() => new Date()))();
  const lost = await lostState(project, context.signal);
  const places = new Map(asked.map(({ remote, place }) => [remote, place]));
  const copies = await knownCopies(project, places);
  const said = latest === undefined ? null : describe(latest, copies, now);
  const without = said === null ? [] : copies.remotesWithout(said.copies);
  const gone = (said?.copies ?? []).flatMap(({ missing, remote }) => (missing ? [remote] : []));
  const ids = all.map(({ id }) => id);
  const pending = [...pendingIn(root), ...failedGuard(project, ids)];
  return {
    ...head(),
    operation: 'status',
    root,
    repository,
    repositoryProblem: problem === null ? null : `it ${problem.what}. ${problem.hint}`,
    project: owner.identity.id,
    configProblem: project.config.problem ?? null,
    lost: lost.map(describeLost),
    backups: { migration: own.length - safety, safety, ofOthers: all.length - own.length },
    latest: said,
    notPushedTo: without,
    asked,
    notDrilled: said === null ? [] : await undrilled(project, said.copies),
    newer: newest === undefined || newest === latest ? null : describe(newest, copies, now),
    pending,
    ...undoable(project, ids),
    next: pending.some(({ what }) => what === 'running')
      ? []
      : [nextStep(project, pending, lost, latest, { asked, lacking: [...gone, ...without] })],
  };
}

/** Names of the encrypted remotes that have a copy and that no key was seen to open. */
async function undrilled(project: Project, copies: StatusBackup['copies']): Promise<string[]> {
  const findings = await keysNotDrilled(project, copies);
  return findings.flatMap(({ evidence }) => (typeof evidence?.['remote'] === 'string' ? [evidence['remote']] : []));
}

function describeLost({ backupId, gone, restore, notCompared, newer }: LostState): StatusReport['lost'][number] {
  return {
    backupId,
    gone: [...gone],
    restore,
    problem: notCompared?.problem ?? null,
    newer: newer && { backupId: newer.backupId, problem: newer.problem },
  };
}

/** What there is here, to compare with what a remote has. */
interface Here {
  readonly owner: Owner;
  /** Of all backups of the repository. */
  readonly ids: ReadonlySet<string>;
  /** The time of what `latest` means; null if there is no backup. */
  readonly latest: Date | null;
}

/** The newest complete backup of the project of which there is a copy, if the newest one here is older. */
function newerThere(copies: readonly Copy[], { owner, ids, latest }: Here): string | null {
  const newest = copies.find(
    ({ statement }) =>
      statement.kind === 'migration' && statement.completeness === 'complete' && owner.ownsCopy(statement),
  );
  if (newest === undefined || ids.has(newest.id)) return null;
  return latest === null || Date.parse(newest.statement.createdAt) > latest.getTime() ? newest.id : null;
}

/** Reads the whole list of each remote, which is remembered. One that gives no answer keeps nothing else from being said. */
async function askRemotes(
  project: Project,
  here: Here,
  { remotes, insecure }: StatusOptions,
  context: Context,
): Promise<StatusReport['asked']> {
  const { chooseRemotes, openRemote } = await import('../repository/remotes/open-remote.ts');
  const { listCopies } = await import('../repository/remotes/list-copies.ts');
  const asked: StatusReport['asked'] = [];
  for (const choice of chooseRemotes(project.config, remotes)) {
    const { name: remote, key: place } = choice;
    try {
      const opened = await openRemote(choice, insecure, context);
      try {
        const { copies } = await listCopies(opened);
        asked.push({ remote, place, newer: newerThere(copies, here), error: null });
      } finally {
        opened.close();
      }
    } catch (error) {
      if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
      const { code, message, hint } = error;
      asked.push({ remote, place, newer: null, error: { code, message, hint } });
    }
  }
  return asked;
}

function describe(
  { ref, manifest, partial, problem, forbidden, last }: KnownBackup,
  copies: KnownCopies,
  now: Date,
): StatusBackup {
  return {
    backupId: ref.id,
    createdAt: ref.time.toISOString(),
    ageSeconds: Math.round((now.getTime() - ref.time.getTime()) / 1000),
    status: forbidden === null ? (problem === null ? 'readable' : 'damaged') : 'forbidden',
    completeness: partial === null ? (manifest === null ? null : 'complete') : 'partial',
    files: manifest?.totals.files ?? null,
    problem,
    lastVerification: last,
    copies: copies.of(ref),
  };
}

function pendingIn(root: string): Pending[] {
  const found = unfinishedIn(root);
  const interrupted = visibleGuard(root);
  if (interrupted !== null) {
    const message = describeInterruptedGuard(interrupted);
    found.push({ what: 'guard-interrupted', message, command: 'migbackup undo' });
  } else if (isGuarded(root)) {
    found.push({ what: 'guard-running', message: 'a guarded command is running', command: null });
  }
  return found;
}

/** If this user may not look there, it is not known whether anything is unfinished, and the command to run is the one that lets them look. */
function unfinishedIn(root: string): Pending[] {
  try {
    const found = unfinished(root);
    return found === null ? [] : [found];
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return [{ what: 'not-seen', message: `${error.message}. ${error.hint}`, command: mendingLine(error) }];
  }
}

function isGuarded(root: string): boolean {
  try {
    return guardedBackup(root) !== null;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** A guard whose way back failed, if that is the last operation on record. One that is not logged yet is known by its marker. */
function failedGuard(project: Project, ids: readonly string[]): Pending[] {
  const { last } = lastStep(project);
  if (last?.operation !== 'guard' || last.exit !== WAY_BACK_FAILED || visibleGuard(project.root) !== null) return [];
  const command = ids.includes(last.backupId) ? 'migbackup undo' : null;
  const message = `the way back of the guarded command (to ${last.backupId}) failed: the project is not as it was before`;
  return [{ what: 'guard-failed', message, command }];
}

/** What `undo` would take back, if what it needs is there; or why that is not known. It is not known while a restore is unfinished. */
function undoable(project: Project, ids: readonly string[]): Pick<StatusReport, 'undo' | 'undoProblem'> {
  const { last, problem } = lastStep(project);
  if (last === null || last.safetyId === null || !ids.includes(last.safetyId))
    return { undo: null, undoProblem: problem };
  const { operation, time, backupId, safetyId: safetyBackup } = last;
  return { undo: { operation, time, backupId, safetyBackup }, undoProblem: null };
}

function lastStep(project: Project): { last: Reversible | null; problem: string | null } {
  try {
    return { last: stepsOf(project).last?.record ?? null, problem: null };
  } catch (error) {
    if (!(error instanceof Error) || (!(error instanceof BackupError) && errnoOf(error) === undefined)) throw error;
    return { last: null, problem: error.message };
  }
}

function nextStep(
  { config, repository }: Project,
  pending: readonly Pending[],
  lost: readonly LostState[],
  latest: KnownBackup | undefined,
  { asked, lacking }: { readonly asked: StatusReport['asked']; readonly lacking: readonly string[] },
): string {
  if (config.problem !== undefined && latest !== undefined && pending.length === 0)
    return `migbackup restore --latest --only ${CONFIG_FILE}`;
  if (repositoryProblem(repository)?.what === 'is not a folder' && pending.length === 0) return 'migbackup validate';
  const command =
    pending.find((one) => one.command !== null)?.command ?? lost.find(({ restore }) => restore !== null)?.restore;
  if (typeof command === 'string') return command;
  // A backup that is taken now would go into the folder where the disk with the others has to be mounted.
  if (latest === undefined && lost.length > 0) return 'migbackup validate';
  const there = asked.find(({ newer }) => newer !== null);
  if (typeof there?.newer === 'string' && latest === undefined)
    return shellLine(['migbackup', 'pull', there.newer, '--remote', there.remote]);
  if (latest === undefined || latest.partial !== null || latest.problem !== null) return 'migbackup create';
  if (!stands(latest)) return 'migbackup verify --latest';
  const named = lacking.filter((remote) => Object.hasOwn(config.remotes ?? {}, remote));
  if (named.length === 0) return 'migbackup diff';
  return shellLine(['migbackup', 'push', ...named.flatMap((remote) => ['--remote', remote])]);
}
