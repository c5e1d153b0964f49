/*
 * Room "capture": taking a backup. The scan fills a planner for each category, pack threads turn small files into archive members, a writer for each
 * category puts everything in order, and what can be done at the same time (making files durable, proving databases) is a background task. The same
 * tree gives the same bytes of archives, index and sums, however many threads there are.
 */
import fs from 'node:fs';
import path from 'node:path';
import { IndexWriter } from '../format/index-file.ts';
import { expectedArtifacts } from '../checks/folder-holds.ts';
import { removeTree, writeNewMeanwhile } from '../fs/durable.ts';
import { findMappedFiles } from '../fs/mapped-files.ts';
import { BackupError, throwIfInterrupted } from '../model/backup-error.ts';
import { fromSystemError } from '../model/system-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import { attributesNotKept, lookAtAttributes, type Attributes } from '../scan/attributes.ts';
import { gitFacts } from '../scan/git-facts.ts';
import { takenSecrets } from '../scan/left-out.ts';
import { Patience } from '../scan/patience.ts';
import { Ownership } from '../scan/ownership.ts';
import type { EntryItem, ScanItem } from '../scan/scan-item.ts';
import { makeId } from '../format/id.ts';
import { ARTIFACTS_FILE, INDEX_FILE, PROCEDURES_FILE, SUMS_FILE } from '../format/layout.ts';
import { writeManifest } from '../format/manifest-file.ts';
import { renderProcedures } from '../repository/procedures.ts';
import { formatSum, SumsWriter } from '../format/sums.ts';
import { writeReport } from '../repository/reports.ts';
import { WorkFolder } from '../repository/work-folder.ts';
import { startReport } from '../repository/report-head.ts';
import type { Audit } from '../audit/audit.ts';
import { buildManifest } from './build-manifest.ts';
import { takeInventory, type InventoryOptions } from './inventory.ts';
import type { BackupJob } from './job.ts';
import { PackThreads } from './pack-threads.ts';
import { freshTime } from './fresh-time.ts';
import { checkRepository } from './preflight.ts';
import { Problems } from './problems.ts';
import { takeSteadyInventory } from './steady-inventory.ts';
import { findingFilter, problemFilter, rawDatabases, type TakeOptions } from './take-options.ts';
import { BatchPlanner } from './batch-planner.ts';
import { BackgroundTasks } from './background-tasks.ts';
import { writeCategories } from './write-categories.ts';
import { hashFile } from '../fs/hash-file.ts';
import { hash as oneShotHash } from 'node:crypto';
import { identityOf } from '../config/identity.ts';

export interface TakenBackup {
  readonly manifest: Manifest;
  readonly folder: string;
  /** SHA-256 of the list of artifacts as it was written, and proven. */
  readonly artifactsSha256: string;
  readonly audit: Audit | null;
  readonly auditMs: number;
  /** Why the report of the proof could not be kept, if so. It is not in the manifest, which was complete before. */
  readonly unkept: readonly Finding[];
  /** The kinds of attributes that no backup keeps and that were not looked for. */
  readonly notLookedAt: Attributes['notLookedAt'];
}

/**
 * Takes one backup into the repository: look, check, write, prove, commit. If anything goes wrong before the last rename, there is no backup.
 * The caller holds the locks.
 */
export async function takeBackup(project: Project, options: TakeOptions, context: Context): Promise<TakenBackup> {
  const findings: Finding[] = [...(options.findings ?? [])];
  const onFinding = (finding: Finding): void => {
    findings.push(finding);
    context.onEvent?.({ type: 'finding', finding });
  };
  const ownership = new Ownership(options.config.categories);
  const problems = new Problems(options.allowPartial, onFinding);
  const onProblem = problemFilter(options, problems);
  const isSecret = takenSecrets(options.config);
  const mapped = findMappedFiles();
  // These never go into a batch: each secret must be reported, and a file that is written through mapped memory shows no change.
  const wantsCare = ({ path: file, state }: EntryItem): boolean =>
    isSecret(file) || (state !== undefined && mapped.mayHold(state.inode));
  await using packThreads = new PackThreads(project.root);
  const newPlanner = (): BatchPlanner => new BatchPlanner(wantsCare, (job) => packThreads.packEarly(job));
  const planners = new Map<string, BatchPlanner>();
  const onItem = (category: string, item: ScanItem): void => {
    if (options.select?.(item.path) === false) return;
    planners.get(category)?.add(item);
    packThreads.expect();
  };
  // This runs during the scan and must not slow it down.
  const looking = lookAtAttributes(project, options.categories, { ownership, flags: false });
  const hardLinks: string[] = [];
  const newWalk = (): InventoryOptions => {
    hardLinks.length = 0;
    for (const { name } of options.categories) planners.set(name, newPlanner());
    return {
      ownership,
      onProblem,
      onFinding: findingFilter(options, onFinding),
      databaseAsFiles: rawDatabases(options),
      onItem,
      onHardLink: (path) => hardLinks.push(path),
    };
  };
  // A safety backup needs one walk only: what a change replaces is compared with it again before it is removed.
  const inventory =
    options.kind === 'safety'
      ? { ...(await takeInventory(project, options.categories, newWalk(), context)), isSomewhere: async () => false }
      : await takeSteadyInventory(project, options.categories, newWalk, context);
  problems.throwIfAny();
  checkRepository(project.repository, inventory.bytes, inventory.entries, options.kind);
  const createdAt = freshTime(project, options.kind, context, onFinding);
  const work = beginWork(project.repository, makeId(options.kind, createdAt));
  const background = new BackgroundTasks();
  try {
    context.onEvent?.({ type: 'phase-begin', phase: 'storing', files: inventory.files, bytes: inventory.bytes });
    const git = gitFacts(project.root);
    const { found, groupRights, notLookedAt } = await looking;
    if (options.kind === 'migration')
      for (const lost of attributesNotKept(new Map([...found, ['hard links', hardLinks]]))) onFinding(lost);
    const job = startJob(project, options, {
      groupRights,
      ownership,
      problems,
      packThreads,
      isSomewhere: inventory.isSomewhere,
      mapped,
      background,
      onFinding,
      folder: work.folder,
      context,
    });
    const written = await writeCategories(job, planners, (name) => inventory.categories.get(name)?.present ?? false);
    await packThreads.close();
    if (options.kind === 'migration') {
      const { coverageFindings } = await import('../checks/coverage.ts');
      for (const gap of await coverageFindings(project, ownership, context.signal)) onFinding(gap);
    }
    const manifest = buildManifest(
      options.config,
      {
        id: work.id,
        kind: options.kind,
        createdAt,
        note: options.note,
        tags: options.tags,
        only: options.only,
        absent: options.absent,
        categories: written.categories,
        index: { file: INDEX_FILE, entries: written.index.entries, sha256: written.index.sha256 },
        checksums: { file: SUMS_FILE, ...written.sums },
        findings,
        git: await git,
        projectName: projectName(project.root),
        projectNames: options.ofNobody === true ? null : identityOf(project),
      },
      context,
    );
    options.beforeCommit?.(manifest);
    const artifactsSha256 = writeArtifacts(work.folder, manifest, background);
    // Loaded only if it is needed: not every backup is verified at once.
    const { describeAudit } = options.verify ? await import('../audit/describe-audit.ts') : {};
    const head = startReport(context);
    background.throwIfFailed();
    const audit = options.verify ? await prove(work.folder, manifest, artifactsSha256, context) : null;
    const proof = head();
    throwIfInterrupted(context.signal);
    const folder = await work.commit(background.done());
    const unkept: Finding[] = [];
    if (audit !== null && describeAudit !== undefined) {
      const report = { ...proof, ...describeAudit(work.id, folder, audit) };
      const { finding } = writeReport(project.repository, work.id, 'verify', report);
      if (finding !== undefined) unkept.push(finding);
    }
    return { manifest, folder, artifactsSha256, audit, auditMs: proof.durationMs, unkept, notLookedAt };
  } catch (error) {
    await background.settled();
    work.abandon();
    removeTree(`${work.folder}.scratch`);
    throw unwritten(error, project.repository);
  }
}

function beginWork(repository: string, id: string): WorkFolder {
  try {
    return WorkFolder.begin(repository, id);
  } catch (error) {
    throw unwritten(error, repository);
  }
}

const unwritten = (error: unknown, repository: string): unknown =>
  fromSystemError(error, 'the backup could not be written', repository, 'No backup was made.');

function startJob(
  project: Project,
  options: TakeOptions,
  parts: Pick<
    BackupJob,
    | 'ownership'
    | 'groupRights'
    | 'problems'
    | 'packThreads'
    | 'isSomewhere'
    | 'mapped'
    | 'background'
    | 'onFinding'
    | 'folder'
    | 'context'
  >,
): BackupJob {
  return {
    ...parts,
    project,
    config: options.config,
    categories: options.categories,
    index: new IndexWriter(path.join(parts.folder, INDEX_FILE)),
    sums: new SumsWriter(path.join(parts.folder, SUMS_FILE)),
    patience: new Patience(),
    progress: { files: 0, bytes: 0 },
  };
}

/** Writes the other artifacts. They can be read when this returns; `background` makes them durable. */
export function writeArtifacts(folder: string, manifest: Manifest, background: BackgroundTasks): string {
  const write = (name: string, text: string): void =>
    void background.add(writeNewMeanwhile(path.join(folder, name), text));
  void background.add(writeManifest(folder, manifest));
  write(PROCEDURES_FILE, renderProcedures(manifest));
  const names = expectedArtifacts(manifest).filter((name) => name !== ARTIFACTS_FILE);
  const stated = new Map<string, string>([
    [INDEX_FILE, manifest.index.sha256],
    [SUMS_FILE, manifest.checksums.sha256],
    ...Object.values(manifest.categories).flatMap(({ archive }): [string, string][] =>
      archive === undefined ? [] : [[archive.file, archive.sha256]],
    ),
  ]);
  const lines = names.map((name) => formatSum(stated.get(name) ?? hashFile(path.join(folder, name)), name));
  const list = lines.join('');
  write(ARTIFACTS_FILE, list);
  return oneShotHash('sha256', list);
}

/** Runs the audit of verify on the finished work folder before it gets its name, so that create never claims what verify would deny. */
async function prove(folder: string, manifest: Manifest, artifactsSha256: string, context: Context): Promise<Audit> {
  const { auditBackup } = await import('../audit/audit.ts');
  const audit = await auditBackup(folder, manifest.backupId, { mode: 'full', artifactsSha256 }, context);
  if (audit.status !== 'FAILED') return audit;
  const errors = audit.findings.filter((finding) => finding.severity === 'error');
  throw new BackupError('PROOF_FAILED', `what was written did not verify: ${errors[0]?.message ?? ''}`, {
    hint: 'No backup was made. The disk or memory may be failing: try another place with --backups DIR.',
    details: { findings: errors },
  });
}

function projectName(root: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(path.join(root, 'package.json')).toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && 'name' in parsed && typeof parsed.name === 'string')
      return parsed.name;
  } catch {
    return undefined;
  }
  return undefined;
}
