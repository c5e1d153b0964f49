import type { Deployment, DeploymentChanges, Deployments } from '../model/recorded-deployments.ts';

/** Chains that run on this machine: those of Hardhat and Foundry, and of Ganache and geth --dev. What is lost there can be deployed again. */
const LOCAL: ReadonlySet<string> = new Set(['31337', '1337']);

/** A chain that is not known counts as live. */
export function isLive(chainId: string): boolean {
  return !LOCAL.has(chainId);
}

/** For a report: how many addresses are recorded on which chains, and every record. */
export function countDeployments(recorded: readonly Deployment[]): Deployments {
  const byChain = Map.groupBy(recorded, ({ chainId }) => chainId);
  const chains = [...byChain].map(([chainId, records]) => {
    const addresses = new Set(records.map(({ address }) => address.toLowerCase())).size;
    return [chainId, { addresses, local: !isLive(chainId) }] as const;
  });
  return {
    addresses: chains.reduce((sum, [, { addresses }]) => sum + addresses, 0),
    chains: Object.fromEntries(chains.toSorted(([a], [b]) => compareChains(a, b))),
    recorded: [...recorded],
  };
}

/** By number; `unknown` comes last. */
function compareChains(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

/** What differs between the records of two states. Case does not count, nor does the file that has a record, nor how many have it. */
export function compareDeployments(before: readonly Deployment[], after: readonly Deployment[]): DeploymentChanges {
  const [old, now] = [new Index(before), new Index(after)];
  const changed: { before: Deployment; after: Deployment }[] = [];
  const [gone, come] = [old.without(now), now.without(old)];
  for (const [was, is] of old.sameIn(now)) {
    if (describe(was) === describe(is)) continue;
    const [before, after] = [unlike(was, is), unlike(is, was)];
    if (before !== undefined && after !== undefined) changed.push({ before, after });
  }
  const pairs = [...pairUp(gone, come, byAddress), ...pairUp(gone, come, byName)];
  return {
    added: [...come],
    removed: [...gone],
    changed: [...changed, ...pairs].toSorted((a, b) => compareChains(a.before.chainId, b.before.chainId)),
  };
}

/**
 * The deployments on live chains that are recorded before and not after: no record has the address on that chain. A record without a name does not stand
 * in for one with a name, because then nobody knows any more what is at the address. If the chain was not known, a record on any chain will do.
 */
export function lostDeployments(before: readonly Deployment[], after: readonly Deployment[]): Deployment[] {
  const kept = new Set<string>();
  for (const { chainId, address, name, implementation } of after) {
    for (const chain of [chainId, 'unknown']) {
      if (name !== null) kept.add(`${chain} named ${address.toLowerCase()}`);
      for (const each of [address, implementation ?? address]) kept.add(`${chain} any ${each.toLowerCase()}`);
    }
  }
  const lost = before.filter(
    ({ chainId, address, name }) =>
      isLive(chainId) && !kept.has(`${chainId} ${name === null ? 'any' : 'named'} ${address.toLowerCase()}`),
  );
  // Several registries may have recorded it.
  const once = new Map(lost.map((deployment) => [byPlace(deployment), deployment]));
  return [...once.values()];
}

const byAddress = ({ chainId, address }: Deployment): string => `${chainId} ${address.toLowerCase()}`;
const byPlace = (deployment: Deployment): string => `${byAddress(deployment)} ${deployment.name ?? ''}`;
/** Undefined for a record without a name: two of them are not the same because of that. */
const byName = ({ chainId, name }: Deployment): string | undefined =>
  name === null ? undefined : `${chainId} ${name}`;

/** What several records of one address under one name say about it. */
function describe(records: readonly Deployment[]): string {
  const facts = records.flatMap(({ proxy, implementation, codeHash }) => [
    ...(proxy === undefined ? [] : ['proxy']),
    ...(implementation === undefined ? [] : [implementation.toLowerCase()]),
    ...(codeHash === undefined ? [] : [codeHash.toLowerCase()]),
  ]);
  return [...new Set(facts)].toSorted().join(' ');
}

/** The first record that says what no record of the others says, or else the first. */
function unlike(records: readonly Deployment[], others: readonly Deployment[]): Deployment | undefined {
  const said = new Set(others.map((other) => describe([other])));
  return records.find((record) => !said.has(describe([record]))) ?? records[0];
}

/** The records of one state by chain, address and name. */
class Index {
  readonly #places: Map<string, Deployment[]>;

  constructor(deployments: readonly Deployment[]) {
    this.#places = Map.groupBy(deployments, byPlace);
  }

  /** The records of both for each place that both have. */
  *sameIn(other: Index): Generator<[readonly Deployment[], readonly Deployment[]]> {
    for (const [place, records] of this.#places) {
      const others = other.#places.get(place);
      if (others !== undefined) yield [records, others];
    }
  }

  /** One record for each place that the other has not. */
  without(other: Index): Set<Deployment> {
    const places = [...this.#places].filter(([place]) => !other.#places.has(place));
    return new Set(places.flatMap(([, [first]]) => first ?? []));
  }
}

/** Takes out of both sets what has the same key, if only one of each has it. */
function* pairUp(
  gone: Set<Deployment>,
  come: Set<Deployment>,
  keyOf: (deployment: Deployment) => string | undefined,
): Generator<{ before: Deployment; after: Deployment }> {
  const [olds, news] = [Map.groupBy(gone, keyOf), Map.groupBy(come, keyOf)];
  for (const [key, [before, second]] of olds) {
    const [after, another] = news.get(key) ?? [];
    if (key === undefined || before === undefined || after === undefined) continue;
    if (second !== undefined || another !== undefined) continue;
    gone.delete(before);
    come.delete(after);
    yield { before, after };
  }
}
