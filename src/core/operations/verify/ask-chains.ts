import { askChain } from '../../chain/ask-chain.ts';
import { ChainNode } from '../../chain/chain-node.ts';
import { compiledCodeOf, type CompiledCode } from '../../chain/contract-code.ts';
import { registriesInBackup, type Registries } from '../../extract/registries.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { ChainCheck } from '../../model/chain-check.ts';
import type { Finding } from '../../model/finding.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Deployment } from '../../model/recorded-deployments.ts';
import { sayDeployments } from '../../model/say-deployments.ts';
import { isBomb, parsedOrNothing } from '../../records/json.ts';
import { countDeployments } from '../../records/compare-deployments.ts';
import type { EntryFilter } from '../../scan/terms.ts';
import { escapeName } from '../../paths/names.ts';

export interface AskedChains {
  readonly chains: readonly ChainCheck[];
  readonly findings: readonly Finding[];
}

/**
 * Asks a node of each chain about the addresses that the registries in a backup record on it. What these registries are found to have wrong is a finding
 * too, because what they lack was not asked about.
 * @param urls chain id in decimal -> URL of a node
 * @throws INTERRUPTED
 */
export async function askChains(
  folder: string,
  manifest: Manifest,
  urls: ReadonlyMap<string, URL>,
  isWanted?: EntryFilter,
  signal?: AbortSignal,
): Promise<AskedChains> {
  const read = await registriesInBackup(folder, manifest, signal, isWanted);
  const { deployments, registries } = read;
  const findings = read.findings.filter(({ severity }) => severity !== 'info');
  const artifacts = new Artifacts(registries);
  const chains: ChainCheck[] = [];
  try {
    for (const [chainId, url] of urls) {
      const node = new ChainNode(url, signal);
      const { check, findings: found } = await askChain(node, chainId, deployments, (record) =>
        artifacts.codeOf(record),
      );
      chains.push(check);
      findings.push(...found);
    }
  } finally {
    registries.close();
  }
  const others = deployments.filter(({ chainId }) => !urls.has(chainId));
  return { chains, findings: [...findings, ...artifacts.findings, ...(others.length === 0 ? [] : [notAsked(others)])] };
}

/** The code that artifacts in a backup have for the contracts that it records. */
class Artifacts {
  readonly findings: Finding[] = [];
  readonly #registries: Pick<Registries, 'contentOf'>;

  constructor(registries: Pick<Registries, 'contentOf'>) {
    this.#registries = registries;
  }

  codeOf(record: Deployment): CompiledCode | null {
    const file = artifactOf(record);
    if (file === null) return null;
    try {
      const bytes = this.#registries.contentOf(file);
      return bytes === undefined || isBomb(bytes) ? null : compiledCodeOf(parsedOrNothing(bytes));
    } catch (error) {
      if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
      this.findings.push({
        code: 'registry-not-read',
        severity: 'warning',
        message: `the artifact ${escapeName(file)} was not compared with the chain: ${error.message}`,
        path: file,
        ...(error.hint !== undefined && { recommendation: error.hint }),
      });
      return null;
    }
  }
}

/** The file in which a tool keeps the code of what it records: the record itself, or one beside it. */
function artifactOf({ format, file, name }: Deployment): string | null {
  if (format === 'hardhat-deploy' || format === 'rocketh' || format === 'truffle') return file;
  if (format !== 'ignition' || name === null) return null;
  return `${file.slice(0, file.lastIndexOf('/') + 1)}artifacts/${name}.json`;
}

function notAsked(others: readonly Deployment[]): Finding {
  const counted = countDeployments(others);
  return {
    code: 'chain-not-asked',
    severity: 'info',
    message: `not asked about: ${sayDeployments(counted)}`,
    evidence: { chains: counted.chains },
    recommendation: 'Name these chains with --chain too if they should be proven.',
  };
}
