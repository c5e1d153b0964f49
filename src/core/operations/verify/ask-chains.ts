import { askChain } from '../../chain/ask-chain.ts';
import { ChainNode } from '../../chain/chain-node.ts';
import { compiledCodeOf, type CompiledCode, hasBrokenCode } from '../../chain/contract-code.ts';
import { registriesInBackup, type Registries } from '../../extract/registries.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { ChainCheck } from '../../model/chain-check.ts';
import type { Finding } from '../../model/finding.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Deployment } from '../../model/recorded-deployments.ts';
import { sayDeployments } from '../../model/say-deployments.ts';
import { type Journal, readJournal } from '../../records/ignition.ts';
import { TOO_MUCH } from '../../records/registry.ts';
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
  const { deployments, registries, ...read } = await registriesInBackup(folder, manifest, signal);
  const isWantedFile = (file: string): boolean => {
    const { category, source } = registries.fileAt(file) ?? {};
    return isWanted === undefined || isWanted({ path: file, category: category ?? '', source: source ?? '' });
  };
  const asked = deployments.filter(({ file }) => isWantedFile(file));
  const findings = read.findings.filter(
    ({ severity, path }) => severity !== 'info' && (path === undefined || isWantedFile(path)),
  );
  const artifacts = new Artifacts(registries);
  const chains: ChainCheck[] = [];
  try {
    for (const [chainId, url] of urls) {
      const node = new ChainNode(url, signal);
      const { check, findings: found } = await askChain(
        node,
        chainId,
        deployments,
        (record) => artifacts.codeOf(record),
        ({ file }) => isWantedFile(file),
      );
      chains.push(check);
      findings.push(...found);
    }
  } finally {
    registries.close();
  }
  const others = asked.filter(({ chainId }) => !urls.has(chainId));
  return { chains, findings: [...findings, ...artifacts.findings, ...(others.length === 0 ? [] : [notAsked(others)])] };
}

/** The code that artifacts in a backup have for the contracts that it records. */
class Artifacts {
  readonly findings: Finding[] = [];
  readonly #registries: Pick<Registries, 'contentOf'>;
  /** Folder of an Ignition deployment -> its journal. */
  readonly #journals = new Map<string, Journal | null>();

  constructor(registries: Pick<Registries, 'contentOf'>) {
    this.#registries = registries;
  }

  codeOf(record: Deployment): CompiledCode | null {
    const file = this.#artifactOf(record);
    const bytes = file === null ? undefined : this.#read(file);
    if (file === null || bytes === undefined || isBomb(bytes)) return null;
    const artifact = parsedOrNothing(bytes);
    const code = compiledCodeOf(artifact);
    if (code === null && hasBrokenCode(artifact)) this.#note('registry-invalid', file, 'its code is no hex');
    return code;
  }

  /** The file in which a tool keeps the code of what it deployed: the record itself, or one beside it. */
  #artifactOf({ format, file, name }: Deployment): string | null {
    if (format === 'hardhat-deploy' || format === 'rocketh' || format === 'truffle') return file;
    if (format !== 'ignition' || name === null) return null;
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    const journal = this.#journalOf(folder);
    return journal === null || journal.others.has(name) ? null : `${folder}artifacts/${name}.json`;
  }

  #journalOf(folder: string): Journal | null {
    const known = this.#journals.get(folder);
    if (known !== undefined) return known;
    const file = `${folder}journal.jsonl`;
    const bytes = this.#read(file);
    const read = bytes === undefined ? null : readJournal(file, [bytes]);
    const journal = read === TOO_MUCH ? null : read;
    this.#journals.set(folder, journal);
    return journal;
  }

  #read(file: string): Buffer | undefined {
    try {
      return this.#registries.contentOf(file);
    } catch (error) {
      if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
      this.#note('registry-not-read', file, error.message, error.hint);
      return undefined;
    }
  }

  #note(code: 'registry-not-read' | 'registry-invalid', file: string, why: string, recommendation?: string): void {
    const message = `${escapeName(file)} was not compared with the chain: ${why}`;
    if (this.findings.some((each) => each.message === message)) return;
    const advice = recommendation === undefined ? {} : { recommendation };
    this.findings.push({ code, severity: 'warning', message, path: file, ...advice });
  }
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
