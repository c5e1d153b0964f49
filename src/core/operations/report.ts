import type { BackupSummary, Answer } from '../model/backup-summary.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import { guardReportSchema } from '../model/guard-report.ts';
import type { AnyFinding } from '../model/finding.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import type { Manifest, ManifestCategory } from '../model/manifest.ts';
import { databasesIn, databasesOf } from '../model/stated-databases.ts';
import { sayRehearsed } from '../model/say-rehearsed.ts';
import { restoreReportSchema } from '../model/restore-report.ts';
import { verifyReportSchema, type VerifyReport } from '../model/verify-report.ts';
import { plural } from '../model/plural.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { readManifest } from '../format/manifest-file.ts';
import { knownCopies } from '../repository/known-copies.ts';
import { isAbout, isInRepository } from '../repository/report-subject.ts';
import { storedReports } from '../repository/reports.ts';
import { completenessOf, whyPartial } from '../format/why-partial.ts';
import { keysNotDrilled } from '../checks/key-drills.ts';
import { startReport } from '../repository/report-head.ts';
import { deploymentsInBackup } from '../extract/registries.ts';
import { countDeployments } from '../records/compare-deployments.ts';

/**
 * Gathers what is on record about one backup: its manifest, the reports that were written since, what is known of its copies, and what deployment registries
 * in it record. It verifies nothing but these registries. Throws INTERRUPTED.
 */
export async function report(
  selected: SelectedBackup,
  project: Pick<Project, 'config' | 'repository'>,
  context: Context,
): Promise<BackupSummary> {
  const head = startReport(context);
  const { repository } = project;
  const manifest = readManifest(selected.folder);
  const place = selected.fromFile ?? selected.folder;
  // What a chain says about the records does not make a backup good or bad.
  const verifications = storedReports(repository, selected.id, 'verify', verifyReportSchema)
    .filter((verification) => isAbout(verification, place, repository))
    .map((verification) => ({ ...verification, status: verification.backupStatus ?? verification.status }));
  const [last] = verifications;
  const recorded = await deploymentsInBackup(selected.folder, manifest, context.signal);
  const known = await knownCopies(project);
  const copies = known.of(selected);
  const answers = {
    coverage: coverage(manifest, place),
    verifiedInFull: verifiedInFull(verifications),
    rehearsed: rehearsed(verifications),
    wayBackTested: isInRepository(repository, place)
      ? wayBackTested(repository, selected.id)
      : no('not known for this copy: restores are on record by ID only'),
  };
  return {
    ...head(),
    operation: 'report',
    backupId: selected.id,
    createdAt: manifest.createdAt,
    completeness: completenessOf(manifest, place),
    project: manifest.project.name ?? null,
    note: manifest.note ?? null,
    answers,
    categories: Object.fromEntries(Object.entries(manifest.categories).map(([name, one]) => [name, figures(one)])),
    databases: databasesOf(manifest).map(({ path, engine, records, digest }) => ({ path, engine, records, digest })),
    deployments: countDeployments(recorded.deployments),
    copies,
    notPushedTo: known.remotesWithout(copies),
    totals: { ...manifest.totals },
    findings: withoutRepeats([
      ...manifest.findings,
      ...(last?.findings ?? []),
      ...recorded.findings,
      ...(await keysNotDrilled(project, copies)),
    ]),
  };
}

const NOT_IN_IT: ReadonlySet<string> = new Set<FindingCode>([
  'coverage',
  'left-out',
  'source-is-link',
  'file-missing',
  'file-unusable',
]);

/** A verification repeats what create noted. */
function withoutRepeats(findings: readonly AnyFinding[]): AnyFinding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

/**
 * Compares the files in the backup with these and all that was found on disk but is in no category or was left out. It is not known how much --only
 * did not ask for, nor how much the maker of a version 1 backup left out.
 */
function coverage(manifest: Manifest, place: string): BackupSummary['answers']['coverage'] {
  const { totals, findings, config, categories } = manifest;
  const missing = findings.filter(({ code }) => NOT_IN_IT.has(code));
  const missed = missing.reduce((sum, finding) => sum + filesOf(finding), 0);
  const total = totals.files + missed;
  const named = missing.flatMap(({ path, paths }) => paths ?? path ?? []);
  const why = whyPartial(manifest, place);
  const all = { reportFile: null, covered: totals.files };
  const lacking = Object.keys(config.categories).filter((name) => categories[name] === undefined);
  if (why !== null && lacking.length > 0) {
    const evidence = `${plural(totals.files, 'file')}; ${why}; not in it: ${[...lacking, ...named].join(', ')}`;
    return { yes: false, evidence, ...all, total: null };
  }
  const found = missed === 0 ? ' files of state' : `; not in it: ${named.join(', ')}`;
  const evidence = `${totals.files} of ${total}${found}${why === null ? '' : `; ${why}`}`;
  return { yes: missed === 0 && why === null, evidence, ...all, total };
}

/** How many files a finding is about, at least one. */
function filesOf({ affects = [], evidence = {} }: AnyFinding): number {
  const { files } = evidence;
  return Math.max(typeof files === 'number' ? files : affects.length, 1);
}

function no(evidence: string, reportFile: string | null = null): Answer {
  return { yes: false, evidence, reportFile };
}

/** Newest first: a later failure outweighs an earlier success, and a sample or a quick look does not count. */
function verifiedInFull(verifications: readonly VerifyReport[]): Answer {
  const decisive = verifications.find(({ status, scope }) => status === 'FAILED' || scope.mode === 'full');
  if (decisive === undefined) return no('no full verification is on record: migbackup verify');
  const { status, startedAt, totals: looked, reportFile } = decisive;
  if (status === 'FAILED') return no(`FAILED at ${startedAt}`, reportFile);
  return {
    yes: true,
    evidence: `${status} at ${startedAt}: ${plural(looked.files, 'file')}, ${plural(looked.bytes, 'byte')} read`,
    reportFile,
  };
}

function rehearsed(verifications: readonly VerifyReport[]): Answer {
  const decisive = verifications.find(({ status, scope }) => status === 'FAILED' || scope.rehearsed !== undefined);
  const done = decisive?.scope.rehearsed;
  if (decisive === undefined || done === undefined || decisive.status === 'FAILED')
    return no(decisive === undefined ? 'migbackup verify --rehearse was not run' : `FAILED at ${decisive.startedAt}`);
  const what = `all unpacked, ${sayRehearsed(done, decisive.findings)}`;
  return { yes: true, evidence: `at ${decisive.startedAt}: ${what}`, reportFile: decisive.reportFile };
}

/** A restore of all of it that passed its checks, into a folder or in place, or a guard that went back. */
function wayBackTested(repository: string, id: string): Answer {
  const restored = storedReports(repository, id, 'restore', restoreReportSchema).find(
    ({ outcome, checked, selection }) => outcome === 'restored' && checked && selection.length === 0,
  );
  if (restored !== undefined) {
    const where = restored.mode === 'to' ? `into ${restored.target}` : 'in place';
    const evidence = `restored ${where} at ${restored.startedAt}: ${plural(restored.restored.files, 'file')}, checked`;
    return { yes: true, evidence, reportFile: restored.reportFile };
  }
  const guarded = storedReports(repository, id, 'guard', guardReportSchema).find(
    ({ outcome, safetyBackup }) => outcome === 'rolled-back' && safetyBackup !== null,
  );
  if (guarded === undefined) return no('it was never restored: migbackup restore --to DIR');
  return {
    yes: true,
    evidence: `a guarded command was rolled back at ${guarded.startedAt}`,
    reportFile: guarded.reportFile,
  };
}

function figures(category: ManifestCategory): BackupSummary['categories'][string] {
  const { status, files, bytes, archive } = category;
  const counts = databasesIn(category).flatMap(({ records }) => records ?? []);
  return {
    status,
    files,
    bytes,
    archivedBytes: archive?.size ?? 0,
    records: counts.length === 0 ? null : counts.reduce((sum, records) => sum + records, 0),
  };
}
