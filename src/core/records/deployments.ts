import { Pacer } from '../concurrency/pacer.ts';
import { BackupError, errnoOf, throwIfInterrupted } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import type { Deployment } from '../model/recorded-deployments.ts';
import { readFoundry } from './foundry.ts';
import { readHardhatDeploy } from './hardhat-deploy.ts';
import { readDeployedAddresses, readJournal, type Journal } from './ignition.ts';
import { judgeRegistries } from './judge-registries.ts';
import { readOpenZeppelin } from './openzeppelin.ts';
import { isBomb, own, parsedOrNothing } from './json.ts';
import { RegistryFindings } from './registry-findings.ts';
import {
  chainIdOf,
  isChainMarker,
  isRegistryPlace,
  MAX_FILE_BYTES,
  mayBeRegistry,
  type Registry,
  type RegistryFile,
  TOO_MUCH,
  wholeOf,
} from './registry.ts';
import { readTruffle } from './truffle.ts';
import { readUnified } from './unified.ts';

/** Beyond these, files are named as not looked at. A registry is a few MiB at most; a journal is read line by line. */
const MAX_JOURNAL_BYTES = 64 << 20;
const MAX_TOTAL_BYTES = 512 << 20;
const MAX_FILES = 20_000;
/** Ten times what a project with hundreds of contracts on twenty chains has. */
const MAX_RECORDS = 50_000;

export interface ReadDeployments {
  /** In the order of the files, then of the records in them. */
  readonly deployments: readonly Deployment[];
  /** One for each kind and file. Files that were not looked at are in `registry-not-read`. */
  readonly findings: readonly Finding[];
}

/** The first reader that knows the content reads it. */
const READERS = [readUnified, readOpenZeppelin, readFoundry, readTruffle, readHardhatDeploy];

/**
 * Reads what deployment registries record. Registries are recognised by their content. Other files are passed over, and one that cannot be read is a
 * finding. A chain id comes from the data, from a file beside it or from the name of the folder or file that the tool itself gave it; otherwise
 * the chain is `unknown`.
 * @param files all files of a project or of a backup, in an order that is good for reading: others than registries are passed over by their name
 * @throws INTERRUPTED
 */
export async function readDeployments(files: readonly RegistryFile[], signal?: AbortSignal): Promise<ReadDeployments> {
  const candidates = files.filter(({ path }) => mayBeRegistry(path));
  const findings = new RegistryFindings(new Map(candidates.map((file) => [file.path, file])));
  const { chosen, left } = withinBounds(candidates);
  const registries: (Registry | Journal)[] = [];
  const markers = new Map<string, string>();
  let records = 0;
  const pacer = new Pacer();
  for (const file of chosen) {
    throwIfInterrupted(signal);
    const read = readFile(file, markers, findings);
    if (read === TOO_MUCH || records + (read?.found.length ?? 0) > MAX_RECORDS) left.push(file);
    else if (read !== null) {
      registries.push(read);
      records += read.found.length;
    }
    if (pacer.due()) await pacer.turn();
  }
  findings.notLookedAt(left);
  const deployments = await judgeRegistries(registries, markers, findings);
  return { deployments, findings: findings.all() };
}

/** If there are too many, those in the places of registries come first. */
function withinBounds(files: readonly RegistryFile[]): { chosen: RegistryFile[]; left: RegistryFile[] } {
  let [bytes, count] = [0, 0];
  const taken = new Set<RegistryFile>();
  const [first, others] = [true, false].map((wanted) => files.filter(({ path }) => isRegistryPlace(path) === wanted));
  for (const file of [...(first ?? []), ...(others ?? [])]) {
    if (file.bytes > maxBytesOf(file.path) || count >= MAX_FILES || bytes + file.bytes > MAX_TOTAL_BYTES) continue;
    taken.add(file);
    bytes += file.bytes;
    count++;
  }
  return { chosen: files.filter((file) => taken.has(file)), left: files.filter((file) => !taken.has(file)) };
}

function maxBytesOf(path: string): number {
  return isJournal(path) ? MAX_JOURNAL_BYTES : MAX_FILE_BYTES;
}

function isJournal(path: string): boolean {
  return path.split('/').at(-1) === 'journal.jsonl';
}

/**
 * Null if it is no registry, or a finding says why it cannot be read.
 * @param markers gets the chain that a marker states, by its path
 */
function readFile(
  file: RegistryFile,
  markers: Map<string, string>,
  findings: RegistryFindings,
): Registry | Journal | typeof TOO_MUCH | null {
  const { path, problem } = file;
  if (problem !== undefined) {
    if (isRegistryPlace(path)) findings.add('registry-not-read', path, problem);
    return null;
  }
  try {
    if (isJournal(path)) return readJournal(path, file.chunks());
    const bytes = wholeOf(file);
    if (isBomb(bytes)) return TOO_MUCH;
    if (!isChainMarker(path)) return readRegistry(path, bytes, findings);
    const chainId = chainIdIn(path, bytes);
    if (chainId === undefined) findings.add('registry-invalid', path, 'it states no chain id');
    else markers.set(path, chainId);
  } catch (error) {
    if (error instanceof BackupError && error.code === 'INTERRUPTED') throw error;
    if (!(error instanceof BackupError) && errnoOf(error) === undefined) throw error;
    findings.add('registry-not-read', path, `it cannot be read: ${error instanceof Error ? error.message : ''}`);
  }
  return null;
}

/** `.chainId` is a number as text, `.chain` is JSON with `chainId`. */
function chainIdIn(path: string, bytes: Buffer): string | undefined {
  return chainIdOf(
    path.endsWith('Id') ? bytes.toString('utf8', 0, 4096).trim() : own(parsedOrNothing(bytes), 'chainId'),
  );
}

function readRegistry(path: string, bytes: Buffer, findings: RegistryFindings): Registry | null {
  const value = parsedOrNothing(bytes);
  if (value === undefined) {
    const why = bytes.length === 0 ? 'it is empty' : 'it is not valid JSON';
    if (isRegistryPlace(path)) findings.add('registry-invalid', path, `${why}, so what it records is not known`);
    return null;
  }
  const isIgnition = path.split('/').at(-1) === 'deployed_addresses.json';
  for (const read of isIgnition ? [readDeployedAddresses] : READERS) {
    const registry = read(path, value);
    if (registry !== null) return registry;
  }
  const writer = writerOf(path);
  if (writer !== null) findings.add('registry-invalid', path, `it is not what ${writer} writes`);
  return null;
}

/** The tool that gives its registry this name, where no other file has it. */
function writerOf(path: string): string | null {
  if (/(?:^|\/)deployed_addresses\.json$/.test(path)) return 'Hardhat Ignition';
  if (/(?:^|\/)\.openzeppelin\/(?:unknown|dev)-\d+\.json$/.test(path)) return 'OpenZeppelin';
  return /(?:^|\/)broadcast\/[^/]+\.sol\/\d+\/run-[^/]+\.json$/.test(path) ? 'Foundry' : null;
}
