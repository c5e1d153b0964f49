import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Manifest } from '../model/manifest.ts';
import type { VerifyAllReport, VerifyReport } from '../model/verify-report.ts';
import { isForbidden } from '../paths/barred.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { keepReport } from '../repository/reports.ts';
import { noneHere } from '../repository/select.ts';
import { isRecorded, Owner, readBackups } from '../repository/whose.ts';
import { readable } from '../import-v1/open-backup.ts';
import { startReport } from '../repository/report-head.ts';
import { auditBackup, type AuditOptions } from '../audit/audit.ts';
import { describeAudit } from '../audit/describe-audit.ts';
import { statusOf } from '../audit/status.ts';
import { databasesAt, nothingSelected } from '../extract/selection.ts';
import { readManifest } from '../format/manifest-file.ts';
import { namedIn, selectEntries } from '../scan/terms.ts';
import type { AskedChains } from './verify/ask-chains.ts';
import { rehearse } from './verify/rehearse.ts';

export interface VerifyOptions extends AuditOptions {
  /** Where the report goes; null writes none (a backup that is not yet committed, an exported file without a repository). */
  readonly repository: string | null;
  /** Also unpack it into a scratch folder and open every database. Mode full only. */
  readonly rehearse?: boolean;
  /** Also ask these chains about the deployments that the backup records: chain id in decimal -> URL of a node. */
  readonly chains?: ReadonlyMap<string, URL>;
  /** Read what these terms of `--only` select; undefined: what the mode says. */
  readonly terms?: readonly string[] | undefined;
}

/** Is this backup good? Everything is computed from bytes; findings are collected to the end, nothing is thrown for them. */
export async function verify(
  selected: SelectedBackup,
  options: VerifyOptions,
  context: Context,
): Promise<VerifyReport> {
  const head = startReport(context);
  const read = await auditBackup(
    selected.folder,
    selected.auditId ?? selected.id,
    narrowed(selected, options),
    context,
  );
  if (options.terms !== undefined && read.scope.filesChecked === 0 && read.status !== 'FAILED')
    throw nothingSelected(selected.id, readManifest(selected.folder), options.terms);
  const place = selected.fromFile === undefined ? options.repository : null;
  const audit = options.rehearse === true ? await rehearse(selected, read, place, context) : read;
  const folder = selected.fromFile ?? selected.folder;
  const described = await withChains(describeAudit(selected.id, folder, audit), selected, options, context);
  const report: VerifyReport = { ...head(), ...described, reportFile: null };
  if (options.repository === null) return report;
  return keepReport(options.repository, selected.id, 'verify', report);
}

type Described = ReturnType<typeof describeAudit>;

/** What was found out about the backup, and beside it what the chains say about the records in it. */
async function withChains(
  described: Described,
  { folder }: SelectedBackup,
  { chains: urls = new Map(), terms }: VerifyOptions,
  context: Context,
): Promise<Described & Partial<Pick<VerifyReport, 'chains' | 'backupStatus'>>> {
  if (urls.size === 0) return described;
  const manifest = manifestOrNull(folder);
  const { chains, findings } =
    manifest === null ? NOTHING_TO_ASK : await askThem(folder, manifest, urls, terms, context.signal);
  for (const finding of findings) context.onEvent?.({ type: 'finding', finding });
  const advice = findings.flatMap(({ recommendation }) => recommendation ?? []);
  return {
    ...described,
    backupStatus: described.status,
    status: statusOf([...described.findings, ...findings]),
    chains: [...chains],
    findings: [...described.findings, ...findings],
    recommendations: [...new Set([...described.recommendations, ...advice])],
  };
}

/** The audit says what is wrong with the manifest. */
const NOTHING_TO_ASK: AskedChains = {
  chains: [],
  findings: [
    {
      code: 'chain-not-proven',
      severity: 'error',
      message: 'no chain was asked: the manifest cannot be read, so it is not known what the backup records',
    },
  ],
};

async function askThem(
  folder: string,
  manifest: Manifest,
  urls: ReadonlyMap<string, URL>,
  terms: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<AskedChains> {
  const isWanted = terms === undefined ? undefined : selectEntries(terms, namedIn(manifest), databasesAt(manifest));
  const { askChains } = await import('./verify/ask-chains.ts');
  return askChains(folder, manifest, urls, isWanted, signal);
}

/** @returns the options of an audit that reads what `terms` select */
function narrowed(selected: SelectedBackup, { terms, ...options }: VerifyOptions): AuditOptions {
  if (terms === undefined) return options;
  const manifest = manifestOrNull(selected.folder);
  // The audit says more about a manifest that cannot be read.
  if (manifest === null) return { ...options, mode: 'selection' };
  const has = selectEntries(terms, namedIn(manifest), databasesAt(manifest));
  return { ...options, mode: 'selection', only: { terms, has } };
}

/** Null if it is damaged. */
function manifestOrNull(folder: string): Manifest | null {
  try {
    return readManifest(folder);
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'BACKUP_DAMAGED') throw error;
    return null;
  }
}

export interface VerifyAllOptions extends Omit<VerifyOptions, 'repository' | 'terms' | 'chains'> {
  /** Also the backups of other projects that use the repository. */
  readonly allProjects: boolean;
}

/**
 * Verifies every backup of the project, newest first. A backup whose project is not known is verified too, because it may be the one that
 * matters. A backup that this user may not read is an error, once the others are verified. Throws NO_SUCH_BACKUP if there is none, because nothing was
 * proven.
 */
export async function verifyAll(
  project: Project,
  { allProjects, ...options }: VerifyAllOptions,
  context: Context,
): Promise<VerifyAllReport> {
  const head = startReport(context);
  const owner = new Owner(project);
  const all = readBackups(project.repository);
  const backups = all.filter(
    ({ manifest, folder }) => allProjects || !isRecorded(manifest) || owner.owns(manifest, folder),
  );
  if (backups.length === 0) throw noneHere(project.repository, all.length);
  const reports: VerifyReport[] = [];
  let forbidden: BackupError | null = null;
  for (const backup of backups) {
    const selected = await readable({ id: backup.id, folder: backup.folder, dispose() {} }, context);
    try {
      reports.push(await verify(selected, { ...options, repository: project.repository }, context));
    } catch (error) {
      if (!(error instanceof BackupError) || !isForbidden(error.cause)) throw error;
      forbidden ??= error;
    }
  }
  const worst = (['FAILED', 'WARNING'] as const).find((status) => reports.some((report) => report.status === status));
  const status = worst ?? 'PASSED';
  if (forbidden === null)
    return { ...head(), operation: 'verify-all', status, reports, ofOthers: all.length - backups.length };
  const { code, hint, path, cause } = forbidden;
  const others = reports.length === 0 ? '' : `; the other backups were verified: ${status}`;
  throw new BackupError(code, `${forbidden.message}${others}`, { hint, cause, ...(path !== undefined && { path }) });
}
