import type { Project } from '../model/category.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { CheckResult, ValidateReport } from '../model/validate-report.ts';
import { coverageFindings } from '../checks/coverage.ts';
import { checkBackups } from '../checks/preflight/backups.ts';
import { checkGitClean } from '../checks/preflight/git-clean.ts';
import { checkRestoreWritable } from '../checks/preflight/restore-writable.ts';
import { checkRoundTrip } from '../checks/preflight/round-trip.ts';
import { checkRuntime } from '../checks/preflight/runtime.ts';
import { checkSpace } from '../checks/preflight/space.ts';
import { Ownership } from '../sources/ownership.ts';
import { pendingTransaction } from '../transaction/transaction.ts';
import { writeReport } from '../store/reports.ts';
import { takeInventory, type Inventory } from './create/inventory.ts';
import type { Problem } from './create/problems.ts';
import { interruptedGuard } from './guard/marker.ts';
import { sayGuard } from './recover.ts';
import { startReport } from './report-head.ts';
import { whoHolds } from '../sources/leveldb/holder.ts';

/** Pre-flight: would create and restore work here, and what would a backup hold? Changes nothing but its own report. */
export async function validate(
  project: Project,
  _options: Record<string, never>,
  context: Context,
): Promise<ValidateReport> {
  const head = startReport(context);
  const problems: Problem[] = [];
  const findings: Finding[] = [];
  const ownership = new Ownership(project.config.categories);
  const inventory = await takeInventory(
    project,
    project.config.categories,
    { ownership, onProblem: (problem) => problems.push(problem), onFinding: (finding) => findings.push(finding) },
    context,
  );
  const backups = checkBackups(project.store, (context.now ?? (() => new Date()))());
  const checks: CheckResult[] = [
    checkRuntime(),
    configCheck(project),
    checkRoundTrip(project.store),
    await checkGitClean(project.store),
    ...checkSpace(project.store, inventory.bytes, inventory.entries, backups.lastRatio),
    ...backups.checks,
    checkRestoreWritable(project),
    transactionCheck(project),
    ...guardCheck(project),
    ...problems.map(problemCheck),
    inventoryCheck(inventory),
    ...findings.map(findingCheck),
    ...coverageFindings(project, ownership).map(findingCheck),
  ];
  const report: ValidateReport = {
    ...head(),
    operation: 'validate',
    root: project.root,
    store: project.store,
    config: project.config.file ?? null,
    status: statusOf(checks),
    checks,
    inventory: await describeInventory(inventory),
    totals: { files: inventory.files, bytes: inventory.bytes },
    recommendations: [
      ...new Set(checks.flatMap((check) => (check.status === 'ok' ? [] : (check.recommendation ?? [])))),
    ],
    reportFile: null,
  };
  return withReportFile(project, report);
}

function statusOf(checks: readonly CheckResult[]): ValidateReport['status'] {
  if (checks.some((check) => check.status === 'critical')) return 'CRITICAL';
  return checks.some((check) => check.status === 'warning') ? 'WARNING' : 'HEALTHY';
}

function configCheck(project: Project): CheckResult {
  const names = project.config.categories.map((category) => category.name);
  return {
    id: 'config',
    group: 'configuration',
    status: 'ok',
    message: project.config.file === undefined ? 'no config file: the preset is used' : `config ${project.config.file}`,
    evidence: { file: project.config.file ?? null, categories: names },
  };
}

function transactionCheck(project: Project): CheckResult {
  let pending = false;
  let message = 'no unfinished restore';
  try {
    pending = pendingTransaction(project.root) !== null;
    if (pending) message = 'a restore was interrupted and is unfinished';
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    pending = true;
    message = error.message;
  }
  return {
    id: 'transaction',
    group: 'project',
    status: pending ? 'warning' : 'ok',
    message,
    ...(pending ? { recommendation: 'Run migbackup recover.' } : {}),
  };
}

function guardCheck({ root }: Project): CheckResult[] {
  const guard = interruptedGuard(root);
  if (guard === null) return [];
  const recommendation = 'migbackup undo takes back what the command did; migbackup recover keeps it.';
  return [{ id: 'guard', group: 'project', status: 'warning', message: sayGuard(guard), recommendation }];
}

/** What stops create is critical: nothing else is. */
function problemCheck(problem: Problem): CheckResult {
  return {
    id: problem.code.toLowerCase().replaceAll('_', '-'),
    group: 'inventory',
    status: 'critical',
    message: problem.message,
    paths: [problem.path],
    recommendation: problem.hint,
  };
}

function findingCheck(finding: Finding): CheckResult {
  return {
    id: finding.code,
    group: finding.code.startsWith('not-covered') || finding.code.startsWith('coverage') ? 'coverage' : 'inventory',
    status: finding.severity === 'error' ? 'critical' : finding.severity === 'warning' ? 'warning' : 'info',
    message: finding.message,
    ...(finding.evidence === undefined ? {} : { evidence: finding.evidence }),
    ...(finding.recommendation === undefined ? {} : { recommendation: finding.recommendation }),
    paths: finding.affects ?? (finding.path === undefined ? [] : [finding.path]),
  };
}

function inventoryCheck(inventory: Inventory): CheckResult {
  const some = inventory.entries > 0;
  return {
    id: 'inventory',
    group: 'inventory',
    status: some ? 'ok' : 'critical',
    message: some
      ? `${inventory.files} files in ${inventory.categories.size} categories`
      : 'there is nothing to back up here',
    evidence: { files: inventory.files, bytes: inventory.bytes, entries: inventory.entries },
    ...(some
      ? {}
      : {
          recommendation:
            'Run it in the project (or give --root), or describe what to back up in migbackup.config.json (migbackup init).',
        }),
  };
}

async function describeInventory(inventory: Inventory): Promise<ValidateReport['inventory']> {
  const described: ValidateReport['inventory'] = {};
  for (const [name, found] of inventory.categories) {
    const stores = [];
    for (const store of found.stores) {
      stores.push({ path: store.path, engine: store.engine, held: (await whoHolds(store.dir)).held });
    }
    described[name] = { files: found.files, bytes: found.bytes, stores };
  }
  return described;
}

/** The report is evidence, not the result: a store that cannot hold it was already found critical. */
function withReportFile(project: Project, report: ValidateReport): ValidateReport {
  const written = writeReport(project.store, 'project', 'validate', report);
  return { ...report, reportFile: written.file };
}
