import { InFlight } from '../concurrency/in-flight.ts';
import type { ChainCheck, ChainContract } from '../model/chain-check.ts';
import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import type { Deployment } from '../model/recorded-deployments.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { type Block, type ChainNode, NoAnswer } from './chain-node.ts';
import { type CodeMatch, type CompiledCode, compareCode, withoutMetadata } from './contract-code.ts';
import { readProxy } from './proxy.ts';

/** Contracts that are asked about at once; each takes a few requests. */
const AT_ONCE = 4;

/** An address of the chain with everything that registries record about it. */
interface Recorded {
  readonly first: Deployment;
  readonly all: readonly Deployment[];
}

export interface ChainAnswer {
  readonly check: ChainCheck;
  readonly findings: readonly Finding[];
}

/**
 * Compares the addresses that are recorded on one chain with what a node of it says: that there is code, which is that of the artifact, and that proxies
 * point where the records say. All is asked about one block. What the node does not answer is a finding: not proven, never a pass.
 * @param deployments of all chains
 * @param compiledOf the code that an artifact in the backup has for a record; null if there is none
 * @throws INTERRUPTED
 */
export async function askChain(
  node: ChainNode,
  chainId: string,
  deployments: readonly Deployment[],
  compiledOf: (deployment: Deployment) => CompiledCode | null,
): Promise<ChainAnswer> {
  return new Inquiry(node, chainId, deployments, compiledOf).run();
}

class Inquiry {
  readonly #node: ChainNode;
  readonly #chainId: string;
  readonly #recorded: readonly Recorded[];
  /** Every address that something records on this chain, in lower case: also implementations and admins. */
  readonly #known: ReadonlySet<string>;
  /** Admins of proxies that something records, in lower case. */
  readonly #admins: ReadonlySet<string>;
  readonly #compiledOf: (deployment: Deployment) => CompiledCode | null;
  readonly #findings: Finding[] = [];
  readonly #contracts: ChainContract[] = [];
  #block: Block | null = null;

  constructor(
    node: ChainNode,
    chainId: string,
    deployments: readonly Deployment[],
    compiledOf: (deployment: Deployment) => CompiledCode | null,
  ) {
    this.#node = node;
    this.#chainId = chainId;
    this.#compiledOf = compiledOf;
    const here = deployments.filter((deployment) => deployment.chainId === chainId);
    const byAddress = Map.groupBy(here, ({ address }) => address.toLowerCase());
    this.#recorded = [...byAddress.values()].flatMap((all) => {
      const first = all.find(({ name }) => name !== null) ?? all[0];
      return first === undefined ? [] : [{ first, all }];
    });
    this.#known = new Set(
      here.flatMap(({ address, implementation }) => [address, implementation ?? address].map(lower)),
    );
    this.#admins = new Set(here.filter(isAdmin).map(({ address }) => lower(address)));
  }

  async run(): Promise<ChainAnswer> {
    let isWhole = false;
    try {
      isWhole = await this.#ask();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.#notProven(`the node at ${this.#node.shown} ${error.message}`);
    }
    const isOther = this.#findings.some(({ code, severity }) => severity === 'error' && code !== KINDS.notProven.code);
    const check: ChainCheck = {
      chainId: this.#chainId,
      node: this.#node.shown,
      status: isOther ? 'DIFFERS' : isWhole ? 'AGREES' : 'NOT_PROVEN',
      block: this.#block,
      recorded: this.#recorded.length,
      contracts: this.#contracts,
    };
    return { check, findings: this.#findings };
  }

  /** @returns whether every address was answered for */
  async #ask(): Promise<boolean> {
    if (this.#recorded.length === 0) {
      this.#notProven('the backup records no address on it, so there was nothing to ask');
      return false;
    }
    const chainId = await this.#node.chainId();
    if (chainId !== this.#chainId) {
      this.#findings.push({
        ...KINDS.otherChain,
        message: `chain ${this.#chainId} was not asked: the node at ${this.#node.shown} is one of chain ${chainId}`,
        evidence: { asked: this.#chainId, chainId, node: this.#node.shown },
      });
      return false;
    }
    const block = await this.#node.block();
    this.#block = block;
    const inFlight = new InFlight<ChainContract>(AT_ONCE - 1);
    try {
      for (const recorded of this.#recorded) {
        inFlight.push(this.#look(recorded, block));
        if (inFlight.isOver) this.#keep(await inFlight.take());
      }
      while (inFlight.length > 0) this.#keep(await inFlight.take());
    } finally {
      await inFlight.settled();
    }
    const again = await this.#node.block(block.number);
    if (again.hash === block.hash) return true;
    this.#notProven(`the chain replaced block ${block.number} while it was asked (a reorganisation)`);
    return false;
  }

  #keep(contract: ChainContract | undefined): void {
    if (contract !== undefined) this.#contracts.push(contract);
  }

  async #look({ first, all }: Recorded, block: Block): Promise<ChainContract> {
    const { address, name } = first;
    const code = await this.#node.code(address, block.number);
    if (code.length === 0) {
      this.#about(first, KINDS.codeMissing, `has no code at block ${block.number}`);
      return { address, name, code: 'none' };
    }
    const proxy = await readProxy(this.#node, address, code, block.number);
    const behind = proxy?.implementation ?? null;
    const codes = behind === null ? [code] : [code, await this.#node.code(behind, block.number)];
    const match = await this.#match(all, codes);
    this.#judgeProxy(first, all, proxy);
    return { address, name, code: match, ...(proxy !== undefined && { proxy }) };
  }

  /**
   * Each record that has an artifact is judged by it, so that a record with the address of another contract is found. The artifact of a proxy may be that
   * of its implementation. A hash proves something only if it is the same: how it was made is not known.
   */
  async #match(all: readonly Deployment[], codes: readonly Buffer[]): Promise<ChainContract['code']> {
    const found = new Set<CodeMatch>();
    for (const record of all) {
      const compiled = this.#compiledOf(record);
      if (compiled === null) continue;
      const matches = codes.map((code) => compareCode(code, compiled));
      const best = WORST_FIRST.findLast((match) => matches.includes(match)) ?? 'differs';
      if (best === 'differs') this.#about(record, KINDS.codeDiffers, 'has other code than its artifact in the backup');
      found.add(best);
    }
    const worst = WORST_FIRST.find((match) => found.has(match));
    if (worst !== undefined) return worst;
    const stated = all.flatMap(({ codeHash }) => codeHash?.toLowerCase() ?? []);
    return stated.length > 0 && (await hashesOf(codes)).some((hash) => stated.includes(hash)) ? 'same' : 'not-compared';
  }

  #judgeProxy(first: Deployment, all: readonly Deployment[], proxy: ChainContract['proxy']): void {
    const stated = all.filter(({ implementation }) => implementation !== undefined);
    const now = proxy?.implementation ?? null;
    if (now === null) {
      if (all.some((each) => each.proxy !== undefined || each.implementation !== undefined))
        this.#about(first, KINDS.notSeen, 'is recorded as a proxy, and no slot that is known says where it points');
      return;
    }
    for (const record of stated) {
      const { implementation = '' } = record;
      if (lower(implementation) === now) continue;
      const what = `points to ${now}; the record says ${implementation}`;
      this.#about(record, KINDS.moved, what, { recorded: implementation, now });
    }
    if (stated.length === 0 && !this.#known.has(now))
      this.#about(first, KINDS.notRecorded, `points to ${now}, which nothing in the backup records`, { now });
    const { admin = null } = proxy ?? {};
    if (admin !== null && this.#admins.size > 0 && !this.#known.has(admin))
      this.#about(
        first,
        KINDS.otherAdmin,
        `has the admin ${admin}, and the records name another: ${[...this.#admins].join(', ')}`,
        { admin, recorded: [...this.#admins] },
      );
  }

  #about(record: Deployment, kind: Kind, what: string, seen: Record<string, unknown> = {}): void {
    const { address, name, file, pointer } = record;
    const who = name === null ? address : `${escapeName(shorten(name))} (${address})`;
    const evidence = { chainId: this.#chainId, address, name, pointer, block: this.#block?.number, ...seen };
    this.#findings.push({ ...kind, message: `${who}, chain ${this.#chainId}, ${what}`, path: file, evidence });
  }

  #notProven(why: string): void {
    const [answered, recorded] = [this.#contracts.length, this.#recorded.length];
    const part = answered === 0 ? '' : ` (it answered for ${answered} of ${plural(recorded, 'address', 'addresses')})`;
    this.#findings.push({
      ...(recorded === 0 ? KINDS.nothingRecorded : KINDS.notProven),
      message: `chain ${this.#chainId} is not proven: ${why}${part}`,
      evidence: { chainId: this.#chainId, node: this.#node.shown, answered, recorded },
    });
  }
}

/** The findings, and what to do about them. */
const KINDS = {
  notProven: {
    code: 'chain-not-proven',
    severity: 'error',
    recommendation: 'Try again, or ask another node of the chain: what was not answered is not known.',
  },
  nothingRecorded: {
    code: 'chain-not-proven',
    severity: 'error',
    recommendation: 'Give the id of a chain on which something is recorded: migbackup show lists them.',
  },
  otherChain: {
    code: 'chain-other',
    severity: 'error',
    recommendation: 'Give the URL of a node of the chain that is asked for.',
  },
  codeMissing: {
    code: 'code-missing',
    severity: 'error',
    recommendation:
      'Find out whether the address or the chain is wrong, or the contract was destroyed, before a script uses the record.',
  },
  codeDiffers: {
    code: 'code-differs',
    severity: 'error',
    recommendation:
      'Find out which is right: the address, or the artifact, which may have been compiled again since the contract was deployed.',
  },
  moved: {
    code: 'implementation-differs',
    severity: 'error',
    recommendation:
      'If the proxy was upgraded on purpose, record the new implementation; if nobody knows of it, act now.',
  },
  notSeen: {
    code: 'implementation-not-seen',
    severity: 'warning',
    recommendation: 'Ask the contract itself where it points: it is no ERC-1967 proxy.',
  },
  notRecorded: {
    code: 'implementation-not-recorded',
    severity: 'warning',
    recommendation: 'Find out who upgraded it and to what, and record it.',
  },
  otherAdmin: {
    code: 'admin-not-recorded',
    severity: 'warning',
    recommendation: 'Find out who may upgrade it, and record it.',
  },
} as const satisfies Readonly<Record<string, Pick<Finding, 'code' | 'severity' | 'recommendation'>>>;
type Kind = (typeof KINDS)[keyof typeof KINDS];

const WORST_FIRST: readonly CodeMatch[] = ['differs', 'same-but-immutables', 'same'];

/** The admin of OpenZeppelin's manifest, and that of hardhat-deploy. */
function isAdmin({ format, pointer, name }: Deployment): boolean {
  return (format === 'openzeppelin' && pointer === '/admin') || name === 'DefaultProxyAdmin';
}

function lower(address: string): string {
  return address.toLowerCase();
}

/** Keccak-256 of each code, whole and without its metadata. */
async function hashesOf(codes: readonly Buffer[]): Promise<string[]> {
  const { keccak_256: keccak } = await import('@noble/hashes/sha3.js');
  return codes.flatMap((code) =>
    [code, withoutMetadata(code)].map((bytes) => `0x${Buffer.from(keccak(bytes)).toString('hex')}`),
  );
}
