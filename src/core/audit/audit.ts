/*
 * Room "audit": it computes from the bytes whether a folder is the backup that it claims to be. create runs the same audit on the folder that it has
 * written, before the folder gets its name. So create never claims what verify would deny.
 */
import path from 'node:path';
import { checkArtifactHash, readArtifactSums } from '../checks/artifact-sums.ts';
import { checkFolderHolds } from '../checks/folder-holds.ts';
import { IndexAudit } from '../checks/index-agrees.ts';
import { checkManifestAgrees } from '../checks/manifest-agrees.ts';
import type { MemberSink } from '../format/member-sink.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { sayForbidden } from '../paths/barred.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { Entry } from '../model/entry.ts';
import type { AnyFinding, Finding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import type { VerifyReport } from '../model/verify-report.ts';
import { absentRangesOf } from '../format/absent-ranges.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE, MANIFEST_FILE, PROCEDURES_FILE, SUMS_FILE } from '../format/layout.ts';
import { readManifest } from '../format/manifest-file.ts';
import { ArchivesAudit } from './archives.ts';
import { IndexCursor } from '../format/index-cursor.ts';
import { choose, type Choice, type SampleOptions } from './sample.ts';
import { judge } from './status.ts';
import { SumsAudit } from './sums-agree.ts';
import { hashFile } from '../fs/hash-file.ts';

export interface AuditOptions extends SampleOptions {
  readonly observer?: AuditObserver | undefined;
  /** The name of the phase in progress events. */
  readonly phase?: string | undefined;
  /** What the list of artifacts must have as its SHA-256, if that is known: something was said about these bytes. */
  readonly artifactsSha256?: string | undefined;
}

/** Sees everything while it is read, so that nothing has to be read twice. */
export interface AuditObserver {
  /** Called with the next entry of the index, before its content is read. `sound` means that its path and its place in the index are good. */
  entry(entry: Entry, sound: boolean): void;
  /** Called as soon as something is found. */
  finding?(finding: AnyFinding): void;
  /** Gets the members of all archives, even damaged ones. */
  readonly sink?: MemberSink;
}

/** What an audit of one backup folder found. */
export type Audit = Pick<VerifyReport, 'status' | 'scope' | 'totals' | 'categories' | 'findings' | 'recommendations'>;

/**
 * Computes from the bytes whether the folder is the backup that it claims to be: folder, manifest, list of artifacts, index, sums, archives and
 * databases must all agree. It goes on after a finding; it throws only an interruption or an I/O error.
 */
export async function auditBackup(folder: string, id: string, options: AuditOptions, context: Context): Promise<Audit> {
  try {
    return await audit(folder, id, options, context);
  } catch (error) {
    // A file that this user may not read is not known to be damaged, so this is an error and not a finding.
    const file = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : folder;
    throw sayForbidden(error, file, 'the backup may not be read');
  }
}

async function audit(folder: string, id: string, options: AuditOptions, context: Context): Promise<Audit> {
  const findings: AnyFinding[] = [];
  const onFinding = (finding: AnyFinding): void => {
    findings.push(finding);
    options.observer?.finding?.(finding);
    context.onEvent?.({ type: 'finding', finding });
  };
  let manifest: Manifest;
  try {
    manifest = readManifest(folder);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'BACKUP_DAMAGED') throw error;
    return unreadable(error, options);
  }
  if (id !== manifest.backupId) onFinding(otherBackup(manifest.backupId, id));
  for (const finding of [...checkManifestAgrees(manifest), ...checkFolderHolds(folder, manifest)]) onFinding(finding);
  // Only a backup of an older format states errors in its manifest: create never makes a backup that has errors.
  for (const finding of manifest.findings) if (finding.severity === 'error') onFinding(finding);
  const listed = readArtifactSums(folder, manifest, options.artifactsSha256);
  listed.findings.forEach(onFinding);
  const choice = choose(options, manifest.totals.files);
  context.onEvent?.({
    type: 'phase-begin',
    phase: options.phase ?? 'verifying',
    files: manifest.totals.files,
    bytes: manifest.totals.bytes,
  });
  const archives = new ArchivesAudit({
    folder,
    manifest,
    listed: listed.sums,
    choice,
    sink: options.observer?.sink,
    onFinding,
    context,
  });
  await checkContents(folder, manifest, listed.sums, archives, options.observer, onFinding);
  return conclude(manifest, findings, choice, archives);
}

/** Index, sums, archives and databases, in one pass over each. */
async function checkContents(
  folder: string,
  manifest: Manifest,
  listed: Map<string, string>,
  archives: ArchivesAudit,
  observer: AuditObserver | undefined,
  onFinding: (finding: Finding) => void,
): Promise<void> {
  const stated = new Map([
    [INDEX_FILE, manifest.index.sha256],
    [SUMS_FILE, manifest.checksums.sha256],
  ]);
  for (const artifact of [MANIFEST_FILE, INDEX_FILE, SUMS_FILE, PROCEDURES_FILE]) {
    const file = path.join(folder, artifact);
    // Of a copy that is fetched when it is read, this proves nothing about what is selected.
    if (absentRangesOf(file) !== undefined || lstatOrNull(file)?.isFile() !== true) continue;
    checkArtifactHash(artifact, hashFile(file), listed.get(artifact), stated.get(artifact)).forEach(onFinding);
  }
  const indexFile = path.join(folder, INDEX_FILE);
  if (lstatOrNull(indexFile)?.isFile() !== true) return;
  const index = new IndexAudit(manifest);
  const sums = absentRangesOf(path.join(folder, SUMS_FILE)) === undefined ? new SumsAudit(folder) : null;
  const tap = (entry: Entry): void => {
    const before = index.findings.length;
    index.entry(entry);
    sums?.entry(entry);
    observer?.entry(entry, index.findings.length === before);
  };
  try {
    const cursor = new IndexCursor(readIndex(indexFile), tap);
    for (const name of Object.keys(manifest.categories)) await archives.category(name, cursor.take(name));
    await cursor.drain();
    index.finish().forEach(onFinding);
    sums?.finish().forEach(onFinding);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'BACKUP_DAMAGED') throw error;
    index.findings.forEach(onFinding);
    onFinding({ code: 'index-damaged', severity: 'error', message: error.message, path: INDEX_FILE });
  } finally {
    sums?.close();
  }
}

function conclude(manifest: Manifest, findings: AnyFinding[], choice: Choice, archives: ArchivesAudit): Audit {
  return {
    ...judge(manifest, findings),
    scope: { ...choice.scope, filesChecked: archives.files },
    totals: {
      files: manifest.totals.files,
      bytes: archives.bytes,
      artifacts: 5 + archives.count,
      archivedBytes: manifest.totals.archivedBytes,
    },
  };
}

/** The folder has the name of one backup and holds the manifest of another. */
function otherBackup(stated: string, id: string): Finding {
  return {
    code: 'manifest-contradicts',
    severity: 'error',
    message: `${MANIFEST_FILE} says it is ${stated}, but the folder is named ${id}`,
    path: MANIFEST_FILE,
  };
}

/** Without a manifest nothing else can be judged. */
function unreadable(error: BackupError, options: AuditOptions): Audit {
  const finding: Finding = {
    code: 'manifest-damaged',
    severity: 'error',
    message: error.message,
    path: MANIFEST_FILE,
    recommendation: error.hint,
  };
  return {
    status: 'FAILED',
    scope: { mode: options.mode, filesChecked: 0 },
    totals: { files: 0, bytes: 0, artifacts: 0, archivedBytes: 0 },
    categories: {},
    findings: [finding],
    recommendations: [error.hint],
  };
}
