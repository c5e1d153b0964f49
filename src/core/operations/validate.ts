import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { CheckResult, ValidateReport } from '../model/validate-report.ts';
import { checkKeys } from '../checks/key-drills.ts';
import { sayProvenCopy } from '../checks/proven-copy.ts';
import { type Coverage, findingsOf, lookAtCoverage } from '../checks/coverage.ts';
import { gitStates } from '../scan/git-facts.ts';
import { checkAttributes, checkInventory, checkScanFindings, checkSources } from '../checks/preflight/inventory.ts';
import { candidates, checkBackups, checkCopies, checkNewestBackup, knownBackups } from '../checks/preflight/backups.ts';
import { checkClock, checkConfig, checkGitignore, checkNpmScripts, checkRuntime } from '../checks/preflight/setup.ts';
import { checkCovered, checkOnlyHere, checkStateGone, isSaidAsGone } from '../checks/preflight/state.ts';
import {
  checkGitClean,
  checkInodes,
  checkLock,
  checkRoundTrip,
  checkSpace,
  checkStaleWork,
  ratiosOf,
} from '../checks/preflight/repository.ts';
import {
  checkGuard,
  checkOneFileSystem,
  checkReplacedKept,
  checkRestoreWritable,
  checkStateFolder,
  checkTransaction,
  type HalfDone,
  restorePlaces,
} from '../checks/preflight/project.ts';
import { lostState, type LostState } from '../checks/lost-state.ts';
import { checkDeployments } from '../checks/preflight/deployments.ts';
import { countDeployments } from '../records/compare-deployments.ts';
import { checkDatabasesHeld, checkDatabasesRead } from '../checks/preflight/databases.ts';
import { freeSpace } from '../fs/space.ts';
import type { Problem } from '../capture/problems.ts';
import { Ownership } from '../scan/ownership.ts';
import { listBackups } from '../repository/catalog.ts';
import { knownCopies } from '../repository/known-copies.ts';
import { visibleGuard } from '../history/marker.ts';
import type { Marker } from '../history/marker-schema.ts';
import { describeInterruptedGuard } from '../history/describe-guard.ts';
import { startReport } from '../repository/report-head.ts';
import { type Survey, surveySources } from './validate/survey.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { toNative } from '../paths/paths.ts';
import { writeReport } from '../repository/reports.ts';

/** Pre-flight: would create and restore work here, and what would a backup hold? Changes nothing but its own report. */
export async function validate(
  project: Project,
  _options: Record<string, never>,
  context: Context,
): Promise<ValidateReport> {
  const head = startReport(context);
  const ownership = new Ownership(project.config.categories);
  const git = gitStates(project.root);
  const survey = await surveySources(project, ownership, context);
  const lost = await lostState(project, context.signal);
  const coverage = await lookAtCoverage(project, ownership, context.signal, () => git);
  const deployments = countDeployments(survey.recorded.deployments);
  const checks: CheckResult[] = [
    ...checkStateGone(lost, survey.problems),
    ...(await checkSurroundings(project, survey, (context.now ?? (() => new Date()))())),
    ...checkProject(project, survey),
    ...checkInventoried(project, survey, lost),
    ...checkDeployments(deployments, survey.recorded.findings),
    ...checkCovered(findingsOf(coverage, project)),
    checkOnlyHere([...survey.files, ...filesOf(project.root, coverage)], await git),
  ];
  const { files, bytes } = survey.inventory;
  return fileReport(project.repository, {
    ...head(),
    operation: 'validate',
    root: project.root,
    repository: project.repository,
    config: project.config.file ?? null,
    checks,
    inventory: describeInventory(survey),
    totals: { files, bytes },
    deployments,
  });
}

/** The files that no category holds. */
function filesOf(root: string, { gaps }: Coverage): { path: string; bytes: number; source: string }[] {
  return gaps.flatMap(({ root: { path, files } }) =>
    files.map((file) => ({ path: file, bytes: Number(lstatOrNull(toNative(root, file))?.size ?? 0), source: path })),
  );
}

/** The machine, the configuration and the repository. */
async function checkSurroundings(project: Project, { inventory }: Survey, now: Date): Promise<CheckResult[]> {
  const { root, repository } = project;
  const all = listBackups(repository);
  const known = knownBackups(project);
  const copies = await knownCopies(project);
  const [newest] = candidates(known);
  const roundTrip = checkRoundTrip(repository);
  const lock = checkLock(project);
  const bytes = new Map([...inventory.categories].map(([name, found]) => [name, found.bytes]));
  const ratios = ratiosOf(known.flatMap(({ manifest }) => manifest ?? []));
  return [
    checkRuntime(),
    checkClock({ now, backups: all, repositoryAheadMs: roundTrip.aheadMs }),
    checkConfig(project),
    checkNpmScripts(root),
    await checkGitignore(project),
    roundTrip.check,
    lock,
    await checkGitClean(repository),
    checkSpace(repository, { bytes, entries: inventory.entries, ratios }),
    ...checkInodes(freeSpace(repository).inodes),
    checkBackups(known, now),
    ...checkNewestBackup(known),
    checkCopies(project, known, copies, now),
    await checkKeys(project, newest === undefined ? [] : copies.of(newest.ref)),
    checkStaleWork(repository, lock.status !== 'ok'),
  ];
}

/** What a restore would need, and what an interrupted one left. */
function checkProject(project: Project, { folders, attributes }: Survey): CheckResult[] {
  const { root } = project;
  const places = restorePlaces(project, folders);
  const guard = visibleGuard(root);
  return [
    checkStateFolder(root),
    checkRestoreWritable(root, places, attributes),
    checkOneFileSystem(project, places),
    checkTransaction(root),
    checkReplacedKept(root),
    checkGuard(guard === null ? null : describeGuard(guard)),
  ];
}

function describeGuard(guard: Marker): HalfDone {
  const { backupId, command, startedAt } = guard;
  return { said: describeInterruptedGuard(guard), backupId, command, startedAt };
}

/** What would be backed up. */
function checkInventoried(
  project: Project,
  { inventory, configs, problems, findings, attributes, databases }: Survey,
  lost: readonly LostState[],
): CheckResult[] {
  const looks = [...databases.values()].flat();
  return [
    checkInventory(inventory.categories, configs),
    ...checkSources(
      problems.map((problem) => damagedWithWayBack(project, problem)),
      (problem) => isSaidAsGone(problem, lost),
    ),
    checkDatabasesRead(looks, (database) => sayProvenCopy(project, database)),
    checkDatabasesHeld(looks),
    ...checkScanFindings(findings),
    checkAttributes(attributes),
  ];
}

function damagedWithWayBack(project: Project, problem: Problem): Problem {
  const way = problem.code === 'DATABASE_DAMAGED' ? sayProvenCopy(project, problem.path) : null;
  return way === null ? problem : { ...problem, hint: `${way} ${problem.hint}` };
}

function describeInventory({ inventory, databases }: Survey): ValidateReport['inventory'] {
  const described: ValidateReport['inventory'] = {};
  for (const [name, { files, directories, symlinks, bytes }] of inventory.categories) {
    const looks = (databases.get(name) ?? []).map(
      ({ path, engine, records, digest, holder: { held, pids }, problem }) => {
        return { path, engine, records, digest, held, pids, problem };
      },
    );
    described[name] = { files, directories, symlinks, bytes, databases: looks };
  }
  return described;
}

type Unfiled = Omit<ValidateReport, 'status' | 'recommendations' | 'reportFile'>;

/** Judges the checks and keeps the report in the repository. One that cannot be written is a warning; before the first backup there is no repository. */
function fileReport(repository: string, report: Unfiled): ValidateReport {
  const about = { id: 'report', group: 'repository' } as const;
  if (lstatOrNull(repository)?.isDirectory() !== true)
    return judged(report, { ...about, status: 'ok', message: 'no report is kept: there is no backups folder yet' });
  const good = judged(report, { ...about, status: 'ok', message: 'this report is kept' });
  const { file, finding } = writeReport(repository, 'project', 'validate', good);
  if (finding === undefined) return { ...good, reportFile: file };
  return judged(report, {
    ...about,
    status: 'warning',
    message: finding.message,
    ...(finding.path === undefined ? {} : { paths: [finding.path] }),
    recommendation: 'Make the reports folder writable: reports are the evidence that a backup can be relied on.',
  });
}

function judged(report: Unfiled, last: CheckResult): ValidateReport {
  const checks = [...report.checks, last];
  const advice = checks.flatMap(({ status, recommendation }) => (status === 'ok' ? [] : (recommendation ?? [])));
  return { ...report, checks, status: statusOf(checks), recommendations: [...new Set(advice)], reportFile: null };
}

function statusOf(checks: readonly CheckResult[]): ValidateReport['status'] {
  if (checks.some(({ status }) => status === 'critical')) return 'CRITICAL';
  return checks.some(({ status }) => status === 'warning') ? 'WARNING' : 'HEALTHY';
}
