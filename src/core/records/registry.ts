import type { Deployment } from '../model/recorded-deployments.ts';

/** A file that may be a deployment registry, wherever it is: in a project or in a backup. */
export interface RegistryFile {
  /** Project-relative. */
  readonly path: string;
  readonly bytes: number;
  /** The category and source that hold it: findings about it have them. */
  readonly category?: string | undefined;
  readonly source?: string | undefined;
  /** Why it cannot be read, if that is known: it is a link, for example. */
  readonly problem?: string | undefined;
  /** Its content, in order. Throws BackupError, or an error of the system. */
  chunks(): Iterable<Buffer>;
}

/** A bigger file is not looked at: a registry, or an artifact with its sources and its metadata, is a few MiB at most. */
export const MAX_FILE_BYTES = 16 << 20;

/** The whole content of a file. Throws as its chunks do, and EFBIG if it has grown since its size was taken. */
export function wholeOf(file: RegistryFile): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  for (const chunk of file.chunks()) {
    size += chunk.length;
    if (size > MAX_FILE_BYTES) throw Object.assign(new Error('it has grown meanwhile'), { code: 'EFBIG' });
    parts.push(Buffer.from(chunk));
  }
  return Buffer.concat(parts);
}

/** A record as it is written: nothing of it is checked yet. */
export interface Found {
  readonly name: string | null;
  readonly address: unknown;
  readonly isProxy?: boolean;
  readonly implementation?: unknown;
  readonly codeHash?: unknown;
  /** If records of one file are of several chains. */
  readonly chainId?: string | undefined;
  readonly pointer: string;
}

/** What one registry records. */
export interface Registry {
  readonly format: Deployment['format'];
  readonly path: string;
  /** The chain that its content states. */
  readonly chainId?: string | undefined;
  readonly found: readonly Found[];
  /** It counts only in a folder that states its chain: elsewhere its content is too little to tell it from other files. */
  readonly isWeak?: boolean;
  /** Of an artifact: what it lacks. */
  readonly lacks?: readonly ('ABI' | 'bytecode')[];
}

/** Instead of what a file records: it is too much to parse. */
export const TOO_MUCH = Symbol('too much');

/** A chain id in decimal, without leading zeros; undefined for anything else, also for a number beyond 2^53, which cannot be read exactly. */
export function chainIdOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : undefined;
  if (typeof value !== 'string' || !/^\d{1,78}$/.test(value)) return undefined;
  const id = value.replace(/^0+/, '');
  return id === '' ? undefined : id;
}

/** Folders whose JSON is source code, compiler output or packages. */
const NEVER = new Set(['node_modules', 'build-info', 'solcInputs']);

/** Whether a file of this name can be a registry, or state the chain of a folder of them. Others need not be read. */
export function mayBeRegistry(path: string): boolean {
  const names = path.split('/');
  const name = names.at(-1) ?? '';
  if (names.some((folder) => NEVER.has(folder))) return false;
  if (isChainMarker(path) || name === 'journal.jsonl') return true;
  return name.endsWith('.json') && !name.endsWith('.dbg.json');
}

/** `.chainId` of hardhat-deploy, `.chain` of rocketh. */
export function isChainMarker(path: string): boolean {
  return /(?:^|\/)\.chain(?:Id)?$/.test(path);
}

const PLACES =
  /(?:^|\/)(?:deployments|\.openzeppelin|broadcast|build\/contracts)\/|\.unified\.json$|(?:^|\/)deployed_addresses\.json$/;

/** Whether registries are kept here. If such a file cannot be read, deployments may be missed. */
export function isRegistryPlace(path: string): boolean {
  return mayBeRegistry(path) && (PLACES.test(path) || isChainMarker(path));
}

/** The chain that the folder of a registry is called after: `chain-56` of Ignition, `Deploy.s.sol/56` of Foundry. */
export function chainOfFolder(path: string): string | undefined {
  const [, ignition] = /(?:^|\/)chain-(\d+)\/(?:deployed_addresses\.json|journal\.jsonl)$/.exec(path) ?? [];
  const [, foundry] = /\.sol\/(\d+)\/run-[^/]+\.json$/.exec(path) ?? [];
  return chainIdOf(ignition ?? foundry);
}
