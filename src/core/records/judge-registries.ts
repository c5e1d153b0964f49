import type { Deployment } from '../model/recorded-deployments.ts';
import { plural } from '../model/plural.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { addressJudge, codeHashOf, type AddressKind } from './address.ts';
import type { Journal } from './ignition.ts';
import type { RegistryFindings } from './registry-findings.ts';
import { chainOfFolder, type Found, type Registry } from './registry.ts';

const UNKNOWN = 'unknown';

/**
 * Finds out the chain of each record, and what is wrong with the records, each by itself and against the others.
 * @param markers path of a `.chainId` or `.chain` -> the chain that it states
 */
export async function judgeRegistries(
  registries: readonly (Registry | Journal)[],
  markers: ReadonlyMap<string, string>,
  findings: RegistryFindings,
): Promise<Deployment[]> {
  if (registries.length === 0) return [];
  const chains = new Chains(registries, markers, findings);
  const kindOf = await addressJudge();
  const written = registries
    .filter((registry) => registry.isWeak !== true || chains.isMarked(registry.path))
    .flatMap((registry) => {
      judgeArtifact(registry, findings);
      return registry.found.flatMap((found) =>
        deploymentOf(registry, found, chains.of(registry, found), kindOf, findings),
      );
    });
  judgeJournals(registries, findings);
  judgeManifests(registries, findings);
  const deployments = withProxies(written);
  judgeImplementations(deployments, findings);
  return deployments;
}

function isJournal(registry: Registry | Journal): registry is Journal {
  return 'broken' in registry;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** Which chain the records of a registry are on. */
class Chains {
  /** Folder, with a slash at its end -> the chain that its marker states, or null if it has two that differ. */
  readonly #marked = new Map<string, string | null>();
  /** Folder of an Ignition deployment -> the chain of its journal. */
  readonly #journals = new Map<string, string>();

  constructor(registries: readonly Registry[], markers: ReadonlyMap<string, string>, findings: RegistryFindings) {
    for (const [path, chainId] of markers) {
      const folder = folderOf(path);
      const other = this.#marked.get(folder);
      this.#marked.set(folder, other === undefined || other === chainId ? chainId : null);
      if (other !== undefined && other !== chainId)
        findings.add('chain-differs', path, `it states chain ${chainId}, and the file beside it ${other}`, {
          chainId,
          other,
        });
    }
    for (const { format, path, chainId } of registries) {
      if (format === 'ignition' && chainId !== undefined) this.#journals.set(folderOf(path), chainId);
      const folder = chainOfFolder(path) ?? this.#marked.get(folderOf(path));
      if (chainId === undefined || folder === undefined || folder === null || folder === chainId) continue;
      const what = `its chain id is ${chainId}, but its folder says ${folder}; it was counted as ${chainId}`;
      findings.add('chain-differs', path, what, { chainId, folder });
    }
  }

  isMarked(path: string): boolean {
    return this.#markerAbove(path) !== undefined;
  }

  of({ format, path, chainId }: Registry, found: Found): string {
    const stated = found.chainId ?? chainId;
    if (stated !== undefined) return stated;
    if (format === 'hardhat-deploy' || format === 'rocketh') return this.#markerAbove(path) ?? UNKNOWN;
    const beside = format === 'ignition' ? this.#journals.get(folderOf(path)) : undefined;
    return beside ?? chainOfFolder(path) ?? UNKNOWN;
  }

  /** That of the nearest folder, because names of hardhat-deploy may have folders. */
  #markerAbove(path: string): string | null | undefined {
    for (let folder = folderOf(path); ; folder = folderOf(folder.slice(0, -1))) {
      const chainId = this.#marked.get(folder);
      if (chainId !== undefined || folder === '') return chainId;
    }
  }
}

function judgeArtifact({ path, lacks = [] }: Registry, findings: RegistryFindings): void {
  if (lacks.length === 0) return;
  const severity = lacks.includes('ABI') ? 'warning' : 'info';
  findings.add('artifact-incomplete', path, `it has no ${lacks.join(' and no ')}`, { lacks }, severity);
}

const WRONG: Readonly<Record<Exclude<AddressKind, 'good' | 'none'>, string>> = {
  'no-address': 'is not an address',
  checksum: 'fails its EIP-55 checksum',
};

/** None if the record has no address. One whose checksum fails is counted: that is what the registry records. */
function deploymentOf(
  { format, path }: Registry,
  found: Found,
  chainId: string,
  kindOf: (value: unknown) => AddressKind,
  findings: RegistryFindings,
): Deployment[] {
  const { name, isProxy, pointer } = found;
  const judged = (value: unknown): string | undefined => {
    const kind = kindOf(value);
    if (kind === 'checksum' || kind === 'no-address') {
      const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
      const shown = escapeName(text.length > 60 ? `${text.slice(0, 60)}…` : text);
      const what = `${escapeName(shorten(name ?? pointer))} (${shown}) ${WRONG[kind]}`;
      findings.add('address-invalid', path, what, { pointer, value: shorten(text), kind });
    }
    return (kind === 'good' || kind === 'checksum') && typeof value === 'string' ? value : undefined;
  };
  const address = judged(found.address);
  const implementation = judged(found.implementation);
  const codeHash = codeHashOf(found.codeHash);
  if (address === undefined) return [];
  return [
    {
      chainId,
      address,
      name,
      ...(isProxy === true && { proxy: address }),
      ...(implementation !== undefined && { implementation }),
      ...(codeHash !== undefined && { codeHash }),
      format,
      file: path,
      pointer,
    },
  ];
}

/**
 * hardhat-deploy and rocketh write a proxy three times: `X`, `X_Proxy` with the same address, and `X_Implementation` (deployments.ts, `_deployViaProxy`).
 * Only hardhat-deploy also says so in `X`.
 */
function withProxies(deployments: readonly Deployment[]): Deployment[] {
  const files = new Map(deployments.map((deployment) => [deployment.file, deployment]));
  return deployments.map((deployment): Deployment => {
    const { format, file, address, proxy } = deployment;
    if ((format !== 'hardhat-deploy' && format !== 'rocketh') || proxy !== undefined) return deployment;
    const beside = (part: string): string | undefined => files.get(file.replace(/\.json$/, `_${part}.json`))?.address;
    if (!isSame(beside('Proxy'), address)) return deployment;
    const implementation = beside('Implementation');
    return { ...deployment, proxy: address, ...(implementation !== undefined && { implementation }) };
  });
}

function judgeManifests(registries: readonly Registry[], findings: RegistryFindings): void {
  for (const { format, path, found } of registries) {
    if (format !== 'openzeppelin') continue;
    const proxies = found.filter(({ isProxy, implementation }) => isProxy === true && implementation === undefined);
    if (proxies.length === 0 || found.some(({ pointer }) => pointer.startsWith('/impls/'))) continue;
    findings.add(
      'implementation-unknown',
      path,
      `it has ${plural(proxies.length, 'proxy', 'proxies')} and no implementation`,
    );
  }
}

function judgeJournals(registries: readonly (Registry | Journal)[], findings: RegistryFindings): void {
  const files = new Map(registries.map((registry) => [registry.path, registry]));
  for (const journal of registries.filter(isJournal)) {
    const { path, broken, isCut } = journal;
    const middle = isCut ? broken.slice(0, -1) : broken;
    if (middle.length > 0) findings.add('journal-broken', path, sayBroken(middle), { lines: middle });
    if (isCut) findings.add('journal-broken', path, 'it ends in half a line', { lines: broken.slice(-1) });
    const addresses = files.get(`${folderOf(path)}deployed_addresses.json`);
    // Without it there is nothing to compare, and if it does not parse a finding says so.
    if (addresses !== undefined) compareAddresses(journal, addresses, findings);
  }
}

function sayBroken(lines: readonly number[]): string {
  const [first] = lines;
  return lines.length === 1 ? `line ${first} is not JSON` : `line ${first} and ${lines.length - 1} more are not JSON`;
}

function compareAddresses(journal: Journal, { path, found }: Registry, findings: RegistryFindings): void {
  const listed = new Map(found.map(({ name, address }) => [name, address]));
  const deployed = new Map(journal.found.map(({ name, address }) => [name, address]));
  const lacking = [...deployed.keys()].filter((future) => !listed.has(future));
  const extra = [...listed.keys()].filter((future) => !deployed.has(future) && !journal.wiped.has(future ?? ''));
  const other = [...deployed].filter(([future, address]) => listed.has(future) && !isSame(listed.get(future), address));
  const say = (futures: readonly (string | null)[], what: string): void => {
    if (futures.length === 0) return;
    const [first] = futures;
    const more = futures.length > 1 ? ` and ${futures.length - 1} more` : '';
    findings.add('journal-differs', path, `${what} ${escapeName(shorten(first ?? ''))}${more}`, { what, futures });
  };
  say(lacking, 'the journal has, and it lacks,');
  say(extra, 'the journal lacks');
  say(
    other.map(([future]) => future),
    'the journal has another address for',
  );
}

function isSame(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' ? a.toLowerCase() === b.toLowerCase() : a === b;
}

/**
 * Whether something records the implementation of each proxy: a manifest of OpenZeppelin for the proxies of a chain that has one, an artifact for those
 * of hardhat-deploy, which writes one for each implementation.
 */
function judgeImplementations(deployments: readonly Deployment[], findings: RegistryFindings): void {
  const at = (chainId: string, address: string): string => `${chainId} ${address.toLowerCase()}`;
  const recorded = new Set(deployments.map(({ chainId, address }) => at(chainId, address)));
  const withManifest = new Set(
    deployments.flatMap(({ format, chainId }) => (format === 'openzeppelin' && chainId !== UNKNOWN ? [chainId] : [])),
  );
  for (const { chainId, name, address, implementation, format, file, pointer } of deployments) {
    if (implementation === undefined || recorded.has(at(chainId, implementation))) continue;
    const isOfDeploy = format === 'hardhat-deploy' || format === 'rocketh';
    if (format === 'openzeppelin' || (!isOfDeploy && !withManifest.has(chainId))) continue;
    const what = `${escapeName(shorten(name ?? pointer))} (${address}, chain ${chainId}) points to ${implementation}, which nothing else records`;
    findings.add('implementation-unknown', file, what, { pointer, chainId, address, implementation });
  }
}
