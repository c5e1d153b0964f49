/** A made-up project: records as a deployment tool keeps them in a database, and the same in other layouts. Everything follows from the number of records. */
import { createHash } from 'node:crypto';
import type { NewDocument, OldRecord } from '../../src/core/reconcile/account.ts';
import type { Json } from '../../src/core/records/json.ts';

export interface Deployment {
  /** Of the record in the database. */
  readonly key: string;
  contractName: string;
  chainId: number;
  networkName: string;
  address: string;
  proxyAddress?: string;
  implementationHash?: string;
  factoryByteCodeHash: string;
  transactionHash: string;
  timestamp: number;
  deployer: string;
  verified: boolean;
  schemaVersion: number;
  deploymentArgs: string[];
}

/** What can be changed in a record, one at a time. */
export const FIELDS = [
  'contractName',
  'chainId',
  'networkName',
  'address',
  'proxyAddress',
  'implementationHash',
  'factoryByteCodeHash',
  'transactionHash',
  'timestamp',
  'deployer',
] as const satisfies readonly (keyof Deployment)[];
export type Field = (typeof FIELDS)[number];

/** What says which record it is: the rest of two records can be exchanged. */
export const IDENTITY: ReadonlySet<string> = new Set(['key', 'contractName', 'chainId', 'networkName']);

const NETWORKS = [
  { name: 'bsc', chainId: 56, slug: 'bnb-main' },
  { name: 'bscTestnet', chainId: 97, slug: 'bnb-chapel' },
  { name: 'baseSepolia', chainId: 84_532, slug: 'coinbase-l2-test' },
  { name: 'optimismSepolia', chainId: 11_155_420, slug: 'op-test' },
  { name: 'sapphire', chainId: 23_295, slug: 'oasis' },
];
const CONTRACTS = [
  { name: 'LookCoin', category: 'core' },
  { name: 'SupplyOracle', category: 'infrastructure' },
  { name: 'CelerIMModule', category: 'protocol' },
  { name: 'LayerZeroModule', category: 'protocol' },
  { name: 'contracts/bridge/Router.sol:CrossChainRouter', category: 'infrastructure' },
  { name: 'MinimalUniversalRegistry', category: 'core' },
];
const CATEGORIES = ['core', 'protocol', 'infrastructure'];

const digest = (seed: string): string => createHash('sha256').update(seed).digest('hex');
/** In mixed case, as with a checksum. */
const address = (seed: string): string => {
  const digits = digest(seed).slice(0, 40).split('');
  return `0x${digits.map((digit, at) => (at % 3 === 0 ? digit.toUpperCase() : digit)).join('')}`;
};
const hash = (seed: string): string => `0x${digest(seed)}`;

export const shortName = (name: string): string => name.slice(name.lastIndexOf(':') + 1);

interface Kind {
  readonly name: string;
  readonly category: string;
}

function kindsFor(records: number): Kind[] {
  if (records <= CONTRACTS.length * NETWORKS.length) return CONTRACTS;
  const made = Math.ceil(records / 25) - CONTRACTS.length;
  const more = Array.from({ length: made }, (_, at) => ({
    name: at % 7 === 0 ? `contracts/more/Part${at}.sol:Vault${at}` : `Module${at}`,
    category: CATEGORIES[at % 3] ?? 'core',
  }));
  return [...CONTRACTS, ...more];
}

function networksFor(records: number): typeof NETWORKS {
  if (records <= CONTRACTS.length * NETWORKS.length) return NETWORKS;
  const more = Array.from({ length: 20 }, (_, at) => ({
    name: `network${at}`,
    chainId: 7000 + 13 * at,
    slug: `ring-${at}`,
  }));
  return [...NETWORKS, ...more];
}

/** The records of the old state, network by network. */
export function makeDeployments(records: number): Deployment[] {
  const kinds = kindsFor(records);
  const networks = networksFor(records);
  const made: Deployment[] = [];
  for (const [at, network] of networks.entries())
    for (const [of, kind] of kinds.entries()) {
      if (made.length < records) made.push(makeDeployment(network, at, kind, of));
    }
  return made;
}

function makeDeployment(
  { name: networkName, chainId }: { name: string; chainId: number },
  at: number,
  kind: Kind,
  of: number,
): Deployment {
  const { name } = kind;
  // A contract of every third kind is deployed with CREATE2: at the same address on each chain. Two chains have the other's contracts under their addresses, too.
  const where = of % 3 === 0 ? name : `${name} on ${at === 1 && of % 2 === 0 ? 0 : at}`;
  const isProxy = of % 4 !== 3;
  const proxy = isProxy
    ? { proxyAddress: address(`proxy of ${where}`), implementationHash: hash(`implementation of ${name}`) }
    : {};
  return {
    key: `${chainId}-${shortName(name)}`,
    contractName: name,
    chainId,
    networkName,
    address: address(`address of ${where}`),
    ...proxy,
    factoryByteCodeHash: hash(`factory of ${name}`),
    transactionHash: hash(`transaction of ${name} on ${at}`),
    timestamp: 1_754_900_000_000 + at * 7_777_777 + of * 61_003,
    deployer: address(`deployer ${at % 2}`),
    verified: of % 2 === 0,
    schemaVersion: 2,
    deploymentArgs: argumentsOf(name, at, of),
  };
}

/** Those of some contracts name others. */
function argumentsOf(name: string, at: number, of: number): string[] {
  if (of % 5 === 4) return [];
  const args = [address(`deployer ${at % 2}`), address(`admin of ${name} on ${at}`)];
  return of % 2 === 0 ? args : [...args, address('proxy of LookCoin'), String(10 ** 18 + of)];
}

export function recordsOf(deployments: readonly Deployment[]): OldRecord[] {
  return deployments.map(({ key, ...value }) => ({ key, value: { ...value } }));
}

const categoryOf = (name: string): string => {
  const known = CONTRACTS.find((each) => each.name === name)?.category;
  const number = Number(/(\d+)$/.exec(name)?.[1] ?? 0);
  return known ?? CATEGORIES[number % 3] ?? 'core';
};

function byNetwork(deployments: readonly Deployment[]): Map<string, Deployment[]> {
  return Map.groupBy(deployments, ({ networkName, chainId }) => `${networkName} ${chainId}`);
}

/** Contracts by category, and beside them what else is known of each of them. */
function unified(deployments: readonly Deployment[]): Record<string, Json> {
  const contracts: Record<string, Record<string, Json>> = {};
  const hashes: Record<string, Json> = {};
  const extended: Record<string, Json> = {};
  for (const each of deployments) {
    const name = shortName(each.contractName);
    const { proxyAddress, implementationHash, deploymentArgs, factoryByteCodeHash, transactionHash } = each;
    contracts[categoryOf(each.contractName)] ??= {};
    const category = contracts[categoryOf(each.contractName)] ?? {};
    category[name] = { implementation: each.address, ...(proxyAddress === undefined ? {} : { proxy: proxyAddress }) };
    if (implementationHash !== undefined) hashes[name] = implementationHash;
    extended[`extended_${name}`] = {
      fullName: each.contractName,
      factoryByteCodeHash,
      transactionHash,
      timestamp: each.timestamp,
      deployer: each.deployer,
      verified: each.verified,
      version: each.schemaVersion,
      deploymentArgs,
    };
  }
  return { contracts, verification: { implementationHashes: hashes }, ...extended };
}

/** A copy without some of its keys. */
export function without<T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> {
  const copy = { ...value };
  for (const key of keys) delete copy[key];
  return copy;
}

/** As one object, with some names of its own. */
function flat(deployment: Deployment): Record<string, Json> {
  const { contractName, networkName, address: at, proxyAddress } = deployment;
  const rest = without(deployment, 'key', 'contractName', 'networkName', 'address', 'proxyAddress');
  return {
    name: contractName,
    network: networkName,
    implementation: at,
    ...(proxyAddress === undefined ? {} : { proxy: proxyAddress }),
    ...rest,
  };
}

const file = (name: string, value: Json): NewDocument => ({ file: name, pointer: '', value });

/** A key that is no name of a record. */
const slugOf = (name: string, chainId: number): string =>
  networksFor(Infinity).find((network) => network.name === name && network.chainId === chainId)?.slug ??
  `other-${name}-${chainId}`;

/** The layouts that a migration may write; each takes the records as they are after it. */
export const LAYOUTS: Readonly<Record<string, (deployments: readonly Deployment[]) => NewDocument[]>> = {
  'a file per network, nested': (deployments) =>
    [...byNetwork(deployments)].map(([name, mine]) => {
      const { chainId = 0, networkName = '' } = mine[0] ?? {};
      return file(`deployments/${name}.unified.json`, { chainId, network: networkName, ...unified(mine) });
    }),
  'a file per record': (deployments) =>
    deployments.map((each, at) => file(`deployments/${at}-${shortName(each.contractName)}.json`, flat(each))),
  'an array per file': (deployments) =>
    [...byNetwork(deployments)].map(([name, mine]) => {
      const { chainId = 0, networkName = '' } = mine[0] ?? {};
      const contracts = mine.map(flat).map((each) => without(each, 'network', 'chainId'));
      return file(`deployments/${name}.json`, { chainId, network: networkName, contracts });
    }),
  'one file keyed by network': (deployments) => {
    const networks = [...byNetwork(deployments).values()].map((mine) => {
      const { chainId = 0, networkName = '' } = mine[0] ?? {};
      return [slugOf(networkName, chainId), { chainId, network: networkName, ...unified(mine) }] as const;
    });
    return [file('deployments.json', Object.fromEntries(networks))];
  },
  'another database, same keys': (deployments) =>
    deployments.map(({ key, ...value }) => ({ file: 'leveldb/new', pointer: `/${key}`, value: { ...value } })),
};
