import { liveRegistries, type Registries, registriesInBackup } from '../../extract/registries.ts';
import { configOf } from '../../change/plan-restore.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Finding } from '../../model/finding.ts';
import type { Loss } from '../../model/guard-report.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Deployment } from '../../model/recorded-deployments.ts';
import { fromSystemError } from '../../model/system-error.ts';
import { escapeName } from '../../paths/names.ts';
import { isInside, toNative } from '../../paths/paths.ts';
import { isLive, lostDeployments } from '../../records/compare-deployments.ts';
import type { ReadDeployments } from '../../records/deployments.ts';
import { mayBeRegistry } from '../../records/registry.ts';
import { transactionsIn } from '../../records/transactions.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { Ownership } from '../../scan/ownership.ts';
import type { ScanProblem } from '../../scan/scan-item.ts';
import { scanCategory } from '../../scan/scanner.ts';
import type { AllowedLoss } from './allowed-loss.ts';

/** JSON lists at most this many; all are counted. */
const MAX_LISTED = 1000;

/** What became of the deployments that the backup records. */
export interface DeploymentLoss {
  readonly deployments: Loss['deployments'];
  readonly notCompared: Loss['notCompared'];
  /** The changed files of external sources that do not prove that nothing was sent to a chain. Undefined if no registry was read. */
  readonly sent?: readonly string[];
}

export const NO_DEPLOYMENTS: Loss['deployments'] = { lost: 0, notAllowed: 0, records: [], moreRecords: 0 };

/**
 * The deployments on live chains that the backup records and no registry in the sources any more. Registries are read only if a file changed that may be
 * one. An error is an answer here, too; what is thrown is a bug.
 * @param changed every path that differs from the backup
 * @param external those of them that were added or changed in external sources
 */
export async function lookForLostDeployments(
  project: Project,
  { folder, id }: SelectedBackup,
  manifest: Manifest,
  changed: readonly string[],
  external: readonly string[],
  allowed: AllowedLoss,
): Promise<DeploymentLoss> {
  if (!changed.some((path) => mayBeRegistry(path))) return { deployments: NO_DEPLOYMENTS, notCompared: [] };
  let before: Awaited<ReturnType<typeof registriesInBackup>> | undefined;
  try {
    before = await registriesInBackup(folder, manifest);
    const now = await readLive(project, manifest);
    const lost = lostDeployments(before.deployments, now.deployments);
    const unread = whyNotCompared(before, now, lost, changed);
    const files = external.filter((path) => lstatOrNull(toNative(project.root, path))?.isDirectory() !== true);
    const known = lost.filter(({ file }) => !isIn(file, unread));
    const { registries } = before;
    const sent = maySend(before, now, files).filter((path) => !onlyLost(path, registries, now.registries));
    return { deployments: describe(known, allowed), notCompared: unread, sent };
  } catch (cause) {
    const error = fromSystemError(cause, 'they could not be read');
    if (!(error instanceof BackupError)) throw error;
    const why = `its deployment registries could not be compared: ${error.message}`;
    return { deployments: NO_DEPLOYMENTS, notCompared: [{ path: id, why }] };
  } finally {
    before?.registries.close();
  }
}

/** What the registries in the sources of the backup record now. What could not be looked at is a finding. */
async function readLive(project: Project, manifest: Manifest): Promise<ReadDeployments & { registries: Registries }> {
  const config = configOf(manifest, project.config);
  const registries = liveRegistries(project.root);
  const problems: ScanProblem[] = [];
  const onProblem = (problem: ScanProblem): void => void problems.push(problem);
  const options = { ownership: new Ownership(config.categories), onProblem, databaseAsFiles: () => true };
  for (const category of config.categories)
    for (const item of scanCategory({ ...project, config }, category, options))
      if (item.kind === 'entry') registries.see(item.entry);
  const { deployments, findings } = await registries.read();
  return { deployments, findings: [...findings, ...problems.map(notRead)], registries };
}

function notRead({ path, message }: ScanProblem): Finding {
  return { code: 'registry-not-read', severity: 'warning', message: `${escapeName(path)}: ${message}`, path };
}

/**
 * Files because of which it is not known what was lost: of those that could not be read before the command, the ones that changed; of those that cannot be read
 * now, the ones that had something that is nowhere else, and if something is missing elsewhere, those that changed.
 */
function whyNotCompared(
  before: ReadDeployments,
  now: ReadDeployments,
  lost: readonly Deployment[],
  changed: readonly string[],
): { path: string; why: string }[] {
  const hasChanged = ({ path }: { path: string }): boolean =>
    changed.some((each) => isInside(each, path) || isInside(path, each));
  const unreadBefore = unreadIn(before, 'before the command').filter(hasChanged);
  const unreadNow = unreadIn(now, 'now').filter(
    (unread) => lost.some(({ file }) => isInside(file, unread.path)) || (lost.length > 0 && hasChanged(unread)),
  );
  return [...new Map([...unreadBefore, ...unreadNow].map((unread) => [unread.path, unread])).values()];
}

function unreadIn({ findings }: ReadDeployments, when: string): { path: string; why: string }[] {
  const unread = findings.filter(({ code }) => code === 'registry-not-read');
  return unread.flatMap(({ path, affects = [], message }) =>
    (path === undefined ? affects : [path]).map((each) => ({
      path: each,
      why: `as a deployment registry it could not be read ${when}: ${withoutPath(message, each)}`,
    })),
  );
}

function withoutPath(message: string, path: string): string {
  const start = `${escapeName(path)}: `;
  return message.startsWith(start) ? message.slice(start.length) : message;
}

function isIn(file: string, unread: readonly { path: string }[]): boolean {
  return unread.some(({ path }) => isInside(file, path));
}

function describe(lost: readonly Deployment[], allowed: AllowedLoss): Loss['deployments'] {
  const all = lost.map((deployment) => ({ ...deployment, allowed: isAllowed(deployment, allowed) }));
  const notAllowed = all.filter((deployment) => !deployment.allowed);
  const records = [...notAllowed, ...all.filter((deployment) => deployment.allowed)].slice(0, MAX_LISTED);
  return {
    lost: all.length,
    notAllowed: notAllowed.length,
    records,
    moreRecords: all.length - records.length,
  };
}

/** `--allow-loss` may call it as it is printed, by its address, or by the path of its registry. */
function isAllowed(deployment: Deployment, allowed: AllowedLoss): boolean {
  const { chainId, address, file } = deployment;
  return allowed.hasDeployment([nameOfDeployment(deployment), escapeName(file)], [address, `${chainId}/${address}`]);
}

/** `CHAIN/NAME`, or `CHAIN/ADDRESS` if the registry records no name. */
export function nameOfDeployment({ chainId, name, address }: Deployment): string {
  return escapeName(`${chainId}/${name ?? address}`);
}

/**
 * The changed files of external sources that may show that something was sent to a chain: those that record an address, an implementation or code that the backup does
 * not, those whose content is not known, and lists of transactions, because not every transaction leaves an address.
 */
function maySend(before: ReadDeployments, now: ReadDeployments, external: readonly string[]): string[] {
  const old = new Set(before.deployments.map(contentOf));
  const gained = new Set(
    now.deployments.filter((each) => isLive(each.chainId) && !old.has(contentOf(each))).map(({ file }) => file),
  );
  const registries = new Set([...before.deployments, ...now.deployments].filter(isNoLog).map(({ file }) => file));
  const broken = now.findings.flatMap(({ code, path, affects = [] }) =>
    code === 'registry-not-read' || code === 'registry-invalid' ? (path ?? affects) : [],
  );
  return external.filter(
    (path) => gained.has(path) || !registries.has(path) || broken.some((each) => isInside(path, each)),
  );
}

/** Whether a file is a list of transactions, and lists none that it did not list when the backup was taken. */
function onlyLost(path: string, before: Pick<Registries, 'contentOf'>, now: Registries): boolean {
  const [was, is] = [before, now].map((registries) => {
    const bytes = registries.contentOf(path);
    return bytes === undefined ? null : transactionsIn(path, bytes);
  });
  if (was === null || was === undefined || is === null || is === undefined) return false;
  const old = new Set(was);
  return is.every((transaction) => old.has(transaction));
}

function contentOf({ chainId, address, implementation = '', codeHash = '' }: Deployment): string {
  return [chainId, address, implementation, codeHash].join(' ').toLowerCase();
}

/** Foundry's runs and Ignition's journal are lists of transactions. */
function isNoLog({ format, file }: Deployment): boolean {
  return format !== 'foundry' && !file.endsWith('journal.jsonl');
}
