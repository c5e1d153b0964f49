import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import type { Manifest } from '../model/manifest.ts';
import type { ListedBackup, ListReport } from '../model/list-report.ts';
import { escapeName } from '../paths/names.ts';
import { listBackups, repositoryProblem, type BackupRef } from '../repository/catalog.ts';
import { backupStatus } from '../repository/backup-status.ts';
import { knownCopies } from '../repository/known-copies.ts';
import { lastVerification } from '../repository/reports.ts';
import { Owner } from '../repository/whose.ts';
import { isVersion1, version1Listed } from '../format/version1.ts';
import { completenessOf } from '../format/why-partial.ts';
import { staleNames } from '../repository/work-folder.ts';
import { visibleGuard } from '../history/marker.ts';
import { describeInterruptedGuard, wayBackOf } from '../history/describe-guard.ts';
import { startReport } from '../repository/report-head.ts';
import { isPending } from '../transaction/state-folder.ts';

export interface ListOptions {
  /** Also those of other projects that use the repository. */
  readonly allProjects?: boolean | undefined;
}

/** The project's backups, newest first, damaged ones too. Reads manifests and sizes only, changes nothing. */
export async function list(project: Project, { allProjects }: ListOptions, context: Context): Promise<ListReport> {
  const head = startReport(context);
  const now = (context.now ?? (() => new Date()))();
  const owner = new Owner(project);
  const copies = await knownCopies(project);
  const { allowedSigners } = project.config;
  // The modules about signatures are loaded only where somebody may be named.
  const names = allowedSigners && (await import('../protection/name-signers.ts')).nameSigners(allowedSigners, context);
  const all = listBackups(project.repository).map((ref) => ({
    ...describe(project.repository, owner, ref, now),
    copies: copies.of(ref),
    ...(names && !isVersion1(ref.folder) && { signer: names.ofBackup(ref) }),
  }));
  // A backup whose project is not known may be the one that somebody is looking for.
  const backups = all.filter(({ project: { own, id, root } }) => allProjects === true || own || (id ?? root) === null);
  return {
    ...head(),
    operation: 'list',
    root: project.root,
    repository: project.repository,
    project: owner.identity.id,
    backups,
    ofOthers: all.length - backups.length,
    unfinishedTransaction: isPending(project.root),
    findings: [...missing(project.repository), ...staleFindings(project.repository), ...guardFindings(project.root)],
  };
}

type Described = Omit<ListedBackup, 'copies'>;

function describe(repository: string, owner: Owner, ref: BackupRef, now: Date): Described {
  if (isVersion1(ref.folder)) return describeVersion1(repository, owner, ref, now);
  const { manifest, problem, forbidden } = backupStatus(ref);
  const holding = Object.entries(manifest?.categories ?? {}).filter(([, category]) => category.archive !== undefined);
  return {
    ...known(repository, ref, now),
    project: whose(owner, ref, manifest),
    status: forbidden === null ? (problem === null ? 'readable' : 'damaged') : 'forbidden',
    problem,
    completeness: manifest === null ? null : completenessOf(manifest, ref.folder),
    files: manifest?.totals.files ?? null,
    bytes: manifest?.totals.bytes ?? null,
    archivedBytes: manifest?.totals.archivedBytes ?? null,
    note: manifest?.note ?? null,
    tags: manifest?.tags ?? {},
    categories: holding.map(([name]) => name),
    holdsSecrets: manifest?.findings.some(({ code }) => code === ('secret-taken' satisfies FindingCode)) ?? null,
  };
}

function whose(owner: Owner, { folder }: BackupRef, manifest: Manifest | null): ListedBackup['project'] {
  const { id = null, name = null, root = null } = manifest?.project ?? {};
  return { id, name, root, own: owner.owns(manifest, folder) };
}

function known(repository: string, ref: BackupRef, now: Date) {
  return {
    backupId: ref.id,
    kind: ref.kind,
    folder: ref.folder,
    createdAt: ref.time.toISOString(),
    ageSeconds: Math.round((now.getTime() - ref.time.getTime()) / 1000),
    lastVerification: lastVerification(repository, ref.id),
  };
}

/** The manifest of a version 1 backup is known to be wrong, so the list of sums says how many files it should have. Its size is unknown until it is read. */
function describeVersion1(repository: string, owner: Owner, ref: BackupRef, now: Date): Described {
  const { files, problem } = version1Listed(ref.folder);
  const nothing = { bytes: null, archivedBytes: null, tags: {}, categories: [], holdsSecrets: null };
  const note = 'format version 1';
  return {
    ...known(repository, ref, now),
    project: whose(owner, ref, null),
    status: problem === null ? 'readable' : 'damaged',
    problem,
    completeness: 'partial',
    files,
    note,
    ...nothing,
  };
}

function missing(repository: string): Finding[] {
  const problem = repositoryProblem(repository);
  if (problem === null) return [];
  const message = `the backups folder ${escapeName(repository)} ${problem.what}`;
  const about = { code: 'repository-missing', message, path: repository, recommendation: problem.hint } as const;
  return [{ ...about, severity: problem.what === 'does not exist' ? 'warning' : 'error' }];
}

function guardFindings(root: string): Finding[] {
  const guard = visibleGuard(root);
  if (guard === null) return [];
  const about = { code: 'guard-interrupted', severity: 'warning', path: root } as const;
  return [{ ...about, message: describeInterruptedGuard(guard), recommendation: wayBackOf(guard) }];
}

function staleFindings(repository: string): Finding[] {
  if (lstatOrNull(repository)?.isDirectory() !== true) return [];
  return staleNames(repository).map((name) => ({
    code: 'stale-work',
    severity: 'info',
    message: 'this is the work folder of a run that is in progress or was killed, not a backup',
    path: path.join(repository, name),
    recommendation: 'The next command that changes something removes it if nobody works in it.',
  }));
}
