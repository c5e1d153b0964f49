import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Manifest } from '../model/manifest.ts';
import type { VerifyAllReport, VerifyReport } from '../model/verify-report.ts';
import { isForbidden } from '../paths/barred.ts';
import type { Finding } from '../model/finding.ts';
import type { Judged } from '../protection/judge-signature.ts';
import type { SignerRule } from '../protection/signer-rule.ts';
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
import { type EntryFilter, namedIn, selectEntries } from '../scan/terms.ts';
import type { AskedChains } from './verify/ask-chains.ts';
import { rehearse } from './verify/rehearse.ts';
import { withSigner } from './verify/with-signer.ts';

export { signerRule } from '../protection/signer-rule.ts';

export interface VerifyOptions extends AuditOptions {
  /** Where the report goes; null writes none (a backup that is not yet committed, an exported file without a repository). */
  readonly repository: string | null;
  /** Also unpack it into a scratch folder and open every database. Mode full only. */
  readonly rehearse?: boolean;
  /** Also ask these chains about the deployments that the backup records: chain id in decimal -> URL of a node. */
  readonly chains?: ReadonlyMap<string, URL>;
  /** Who has to have signed it. */
  readonly signers?: SignerRule | undefined;
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
  const { terms, chains = new Map(), repository } = options;
  // The audit says more about a manifest that cannot be read.
  const manifest = terms !== undefined || chains.size > 0 ? manifestOrNull(selected.folder) : null;
  const isWanted =
    terms === undefined || manifest === null
      ? undefined
      : selectEntries(terms, namedIn(manifest), databasesAt(manifest));
  const judged = options.signers === undefined ? null : await judge(selected, options.signers, context);
  const signed = judged !== null && 'signer' in judged ? judged.artifactsSha256 : undefined;
  const hashed = options.artifactsSha256 ?? signed;
  // If the list was replaced between the two, no list is right.
  const artifactsSha256 = signed === undefined || signed === hashed ? hashed : 'none';
  const read = await auditBackup(
    selected.folder,
    selected.auditId ?? selected.id,
    { ...narrowed(options, isWanted), artifactsSha256 },
    context,
  );
  if (terms !== undefined && manifest !== null && read.scope.filesChecked === 0 && read.status !== 'FAILED')
    throw nothingSelected(selected.id, manifest, terms);
  const place = selected.fromFile === undefined ? repository : null;
  const audit = options.rehearse === true ? await rehearse(selected, read, place, context) : read;
  const described = describeAudit(selected.id, selected.fromFile ?? selected.folder, audit);
  const asked = chains.size === 0 ? null : await askAbout(selected.folder, manifest, chains, isWanted, context.signal);
  for (const finding of asked?.findings ?? []) context.onEvent?.({ type: 'finding', finding });
  if (judged !== null && 'code' in judged) context.onEvent?.({ type: 'finding', finding: judged });
  const report: VerifyReport = { ...head(), ...withSigner(withChains(described, asked), judged), reportFile: null };
  return repository === null ? report : keepReport(repository, selected.id, 'verify', report);
}

/** @returns the options of an audit that reads what the terms select */
function narrowed({ terms, ...options }: VerifyOptions, has: EntryFilter | undefined): AuditOptions {
  if (terms === undefined) return options;
  return { ...options, mode: 'selection', ...(has !== undefined && { only: { terms, has } }) };
}

async function askAbout(
  folder: string,
  manifest: Manifest | null,
  chains: ReadonlyMap<string, URL>,
  isWanted: EntryFilter | undefined,
  signal: AbortSignal | undefined,
): Promise<AskedChains> {
  if (manifest === null) return NOTHING_TO_ASK;
  const { askChains } = await import('./verify/ask-chains.ts');
  return askChains(folder, manifest, chains, isWanted, signal);
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

type Described = ReturnType<typeof describeAudit>;

/** What was found out about the backup, and beside it what the chains say about the records in it. */
function withChains(
  described: Described,
  asked: AskedChains | null,
): Described & Partial<Pick<VerifyReport, 'chains' | 'backupStatus'>> {
  if (asked === null) return described;
  const findings = [...described.findings, ...asked.findings];
  const advice = asked.findings.flatMap(({ recommendation }) => recommendation ?? []);
  return {
    ...described,
    backupStatus: described.status,
    status: statusOf(findings),
    chains: [...asked.chains],
    findings,
    recommendations: [...new Set([...described.recommendations, ...advice])],
  };
}

/** The modules about signatures are loaded only where one is required. */
async function judge(selected: SelectedBackup, rule: SignerRule, context: Context): Promise<Judged | Finding> {
  const { judgeSignature } = await import('../protection/judge-signature.ts');
  return judgeSignature(selected, rule, (context.now ?? (() => new Date()))());
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
