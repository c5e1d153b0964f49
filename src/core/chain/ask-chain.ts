import { InFlight } from '../concurrency/in-flight.ts';
import type { ChainCheck, ChainContract } from '../model/chain-check.ts';
import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import type { Deployment } from '../model/recorded-deployments.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { type Kind, KINDS } from './chain-findings.ts';
import { type Block, type ChainNode, NoAnswer } from './chain-node.ts';
import { type CompiledCode, compareCode, withoutMetadata } from './contract-code.ts';
import { type Proxy, readProxy } from './proxy.ts';

/** Contracts that are asked about at once; each takes a few requests. */
const AT_ONCE = 4;

/** A contract and what it runs. */
interface Contract {
  readonly address: string;
  readonly code: Buffer;
}

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
 * @param isAsked which of them are asked about; the others count as recorded
 * @param compiledOf the code that an artifact in the backup has for a record; null if there is none
 * @throws INTERRUPTED
 */
export async function askChain(
  node: ChainNode,
  chainId: string,
  deployments: readonly Deployment[],
  compiledOf: (deployment: Deployment) => CompiledCode | null,
  isAsked: (deployment: Deployment) => boolean,
): Promise<ChainAnswer> {
  return new Inquiry(node, chainId, deployments, compiledOf, isAsked).run();
}

class Inquiry {
  readonly #node: ChainNode;
  readonly #chainId: string;
  readonly #recorded: readonly Recorded[];
  /** Every address that something records on this chain, in lower case: also implementations and admins. */
  readonly #known: ReadonlySet<string>;
  /** Admins of proxies that something records, in lower case. */
  readonly #admins: ReadonlySet<string>;
  /** By name: what hardhat-deploy records beside a proxy. */
  readonly #implementations: ReadonlyMap<string, Deployment>;
  readonly #compiledOf: (deployment: Deployment) => CompiledCode | null;
  readonly #findings: Finding[] = [];
  readonly #contracts: ChainContract[] = [];
  #block: Block | null = null;

  constructor(
    node: ChainNode,
    chainId: string,
    deployments: readonly Deployment[],
    compiledOf: (deployment: Deployment) => CompiledCode | null,
    isAsked: (deployment: Deployment) => boolean,
  ) {
    this.#node = node;
    this.#chainId = chainId;
    this.#compiledOf = compiledOf;
    const here = deployments.filter((deployment) => deployment.chainId === chainId);
    const byAddress = Map.groupBy(here.filter(isAsked), ({ address }) => address.toLowerCase());
    this.#recorded = [...byAddress.values()].flatMap((all) => {
      const first = all.find(({ name }) => name !== null) ?? all[0];
      return first === undefined ? [] : [{ first, all }];
    });
    this.#known = new Set(
      here.flatMap(({ address, implementation }) => [address, implementation ?? address].map(lower)),
    );
    this.#implementations = new Map(here.map((deployment) => [deployment.name ?? '', deployment]));
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
    const [again, stillOf] = await Promise.all([this.#node.block(block.number), this.#node.chainId()]);
    if (again.hash === block.hash && stillOf === chainId) return true;
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
    const recorded = new Set(all.flatMap(({ implementation }) => implementation?.toLowerCase() ?? []));
    const proxy = await readProxy(this.#node, address, code, block.number, recorded);
    const behind = await Promise.all(
      (proxy?.implementations ?? []).map(async (each) => ({
        address: each,
        code: await this.#node.code(each, block.number),
      })),
    );
    for (const implementation of behind)
      if (implementation.code.length === 0)
        this.#about(first, KINDS.codeMissing, `points to ${implementation.address}, where there is no code`);
    const match = await this.#match(all, { address, code }, behind);
    this.#judgeProxy(first, all, proxy);
    const { admin = null, beacon = null, implementations: [implementation = null] = [] } = proxy ?? {};
    return { address, name, code: match, ...(proxy !== undefined && { proxy: { implementation, admin, beacon } }) };
  }

  /**
   * Each record that has an artifact is judged by it, so that a record with the address of another contract is found. The artifact of a proxy may be that
   * of its implementation. A hash proves something only if it is the same: how it was made is not known.
   */
  async #match(
    all: readonly Deployment[],
    itself: Contract,
    behind: readonly Contract[],
  ): Promise<ChainContract['code']> {
    const found = new Set<ChainContract['code']>();
    for (const record of all) {
      const compiled = this.#compiledOf(record);
      if (compiled === null) continue;
      const own = compareCode(itself.code, compiled, itself.address);
      const isBehind = own === 'differs' && mayBeBehind(record) && behind.some((each) => isSame(each, compiled));
      if (own === 'differs' && !isBehind)
        this.#about(record, KINDS.codeDiffers, 'has other code than its artifact in the backup');
      found.add(isBehind ? 'same-behind' : own);
    }
    const worst = WORST_FIRST.find((match) => found.has(match));
    if (worst !== undefined) return worst;
    const stated = all.flatMap(({ codeHash }) => codeHash?.toLowerCase() ?? []);
    const hashed = behind.length > 0 ? behind : [itself];
    const isHash = stated.length > 0 && (await hashesOf(hashed)).some((hash) => stated.includes(hash));
    return isHash ? (behind.length > 0 ? 'same-behind' : 'same') : 'not-compared';
  }

  #judgeProxy(first: Deployment, all: readonly Deployment[], proxy: Proxy | undefined): void {
    const now = proxy?.implementations ?? [];
    if (now.length === 0) {
      if (proxy !== undefined || all.some((each) => each.proxy !== undefined || each.implementation !== undefined))
        this.#about(
          first,
          KINDS.notSeen,
          'is a proxy or recorded as one, and nothing that is known says where it points',
        );
    }
    for (const each of now) this.#judgeImplementation(first, all, each);
    const { admin = null, beacon = null } = proxy ?? {};
    if (beacon !== null && !this.#known.has(beacon))
      this.#about(first, KINDS.notRecorded, `asks the beacon ${beacon}, which nothing in the backup records`, {
        beacon,
      });
    if (admin !== null && this.#admins.size > 0 && !this.#admins.has(admin))
      this.#about(
        first,
        KINDS.otherAdmin,
        `has the admin ${admin}, and the records name another: ${[...this.#admins].join(', ')}`,
        { admin, recorded: [...this.#admins] },
      );
  }

  /** @param now where the proxy points, in lower case */
  #judgeImplementation(first: Deployment, all: readonly Deployment[], now: string): void {
    const stated = all.filter(({ implementation }) => implementation !== undefined);
    for (const record of stated) {
      const { name, implementation = '' } = record;
      if (lower(implementation) === now) continue;
      const newer = name === null ? undefined : this.#implementations.get(`${name}_Implementation`);
      const seen = { recorded: implementation, now };
      if (newer !== undefined && lower(newer.address) === now)
        this.#about(
          record,
          KINDS.stale,
          `points to ${now}, as ${newer.file} records; the record itself says ${implementation}`,
          seen,
        );
      else this.#about(record, KINDS.moved, `points to ${now}; the record says ${implementation}`, seen);
    }
    if (stated.length === 0 && !this.#known.has(now))
      this.#about(first, KINDS.notRecorded, `points to ${now}, which nothing in the backup records`, { now });
  }

  /** One that several registries record in the same words is said once. */
  #about(record: Deployment, kind: Kind, what: string, seen: Record<string, unknown> = {}): void {
    const { address, name, file, pointer } = record;
    const who = name === null ? address : `${escapeName(shorten(name))} (${address})`;
    const message = `${who}, chain ${this.#chainId}, ${what}`;
    if (this.#findings.some((each) => each.message === message)) return;
    const evidence = { chainId: this.#chainId, address, name, pointer, block: this.#block?.number, ...seen };
    this.#findings.push({ ...kind, message, path: file, evidence });
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

const WORST_FIRST: readonly ChainContract['code'][] = ['differs', 'same-behind', 'same-but-immutables', 'same'];

/** The admin of OpenZeppelin's manifest, and a contract that is called so (`DefaultProxyAdmin` of hardhat-deploy). */
function isAdmin({ format, pointer, name }: Deployment): boolean {
  return (format === 'openzeppelin' && pointer === '/admin') || /proxyadmin$/i.test(name ?? '');
}

/** Tools that write a record of its own for each contract give that of a proxy a mark, so that in any other the code is the contract's. */
function mayBeBehind({ format, proxy, implementation }: Deployment): boolean {
  const isOfDeploy = format === 'hardhat-deploy' || format === 'rocketh';
  return !isOfDeploy || proxy !== undefined || implementation !== undefined;
}

function isSame({ address, code }: Contract, compiled: CompiledCode): boolean {
  return compareCode(code, compiled, address) !== 'differs';
}

function lower(address: string): string {
  return address.toLowerCase();
}

/** Keccak-256 of each code, whole and without its metadata. */
async function hashesOf(contracts: readonly Contract[]): Promise<string[]> {
  const { keccak_256: keccak } = await import('@noble/hashes/sha3.js');
  return contracts.flatMap(({ code }) =>
    [code, withoutMetadata(code)].map((bytes) => `0x${Buffer.from(keccak(bytes)).toString('hex')}`),
  );
}
