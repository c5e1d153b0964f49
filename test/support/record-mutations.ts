import type { Accounted, NewDocument } from '../../src/core/reconcile/account.ts';
import type { Json } from '../../src/core/records/json.ts';
import { type Deployment, FIELDS, type Field, IDENTITY } from './deployment-records.ts';

/** One change of the new state, everywhere where what it changes stands. */
export interface Case {
  /** Positions of the records that it is about. */
  readonly records: readonly number[];
  readonly apply: (deployments: (Deployment | null)[]) => void;
}

const idOf = ({ networkName, chainId, contractName }: Deployment): string =>
  `${networkName} ${chainId} ${contractName}`;

/** Another value of the same kind. */
function otherValue(value: string | number): string | number {
  if (typeof value === 'number') return value + 86_399_001;
  if (!value.startsWith('0x')) return `${value}x`;
  const turned = value
    .slice(2)
    .split('')
    .map((digit) => ((Number.parseInt(digit, 16) + 7) % 16).toString(16));
  return `0x${turned.join('')}`;
}

function setField(deployments: (Deployment | null)[], at: number, field: Field, value: unknown): void {
  const deployment = deployments[at];
  if (deployment !== null && deployment !== undefined) deployments[at] = { ...deployment, [field]: value };
}

function drops(all: readonly Deployment[]): Case[] {
  return all.map((_, at) => ({ records: [at], apply: (deployments) => void (deployments[at] = null) }));
}

function changes(all: readonly Deployment[]): Case[] {
  return all.flatMap((each, at) =>
    FIELDS.flatMap((field) => {
      const value = each[field];
      if (value === undefined) return [];
      return [{ records: [at], apply: (made: (Deployment | null)[]) => setField(made, at, field, otherValue(value)) }];
    }),
  );
}

/** The value of the next record that has another one; left out where the record would then take the place of another. */
function replacements(all: readonly Deployment[]): Case[] {
  const ids = new Set(all.map(idOf));
  return all.flatMap((each, at) =>
    FIELDS.flatMap((field) => {
      const was = each[field];
      const other = [...all.slice(at + 1), ...all.slice(0, at)].find((o) => o[field] !== undefined && o[field] !== was);
      if (was === undefined || other === undefined) return [];
      const value = other[field];
      if (IDENTITY.has(field) && ids.has(idOf({ ...each, [field]: value }))) return [];
      return [{ records: [at], apply: (made: (Deployment | null)[]) => setField(made, at, field, value) }];
    }),
  );
}

const PAIRS: readonly (readonly [Field, Field])[] = [
  ['address', 'proxyAddress'],
  ['implementationHash', 'factoryByteCodeHash'],
  ['transactionHash', 'factoryByteCodeHash'],
  ['address', 'deployer'],
];

function fieldSwaps(all: readonly Deployment[]): Case[] {
  return all.flatMap((each, at) =>
    PAIRS.flatMap(([one, two]) => {
      const [a, b] = [each[one], each[two]];
      if (a === undefined || b === undefined || a === b) return [];
      const apply = (made: (Deployment | null)[]): void => {
        setField(made, at, one, b);
        setField(made, at, two, a);
      };
      return [{ records: [at], apply }];
    }),
  );
}

/** All but what says which record it is, with the next record of the same network. */
function recordSwaps(all: readonly Deployment[]): Case[] {
  return all.flatMap((each, at) => {
    const to = all.findIndex((other, position) => position > at && other.networkName === each.networkName);
    const other = all[to];
    if (other === undefined) return [];
    const apply = (made: (Deployment | null)[]): void => {
      made[at] = { ...other, ...identityOf(each) };
      made[to] = { ...each, ...identityOf(other) };
    };
    return [{ records: [at, to], apply }];
  });
}

function identityOf({
  key,
  contractName,
  chainId,
  networkName,
}: Deployment): Pick<Deployment, 'key' | 'contractName' | 'chainId' | 'networkName'> {
  return { key, contractName, chainId, networkName };
}

export const MUTATIONS: Readonly<Record<string, (all: readonly Deployment[]) => Case[]>> = {
  'each record dropped': drops,
  'each value changed': changes,
  "another record's value": replacements,
  'two fields swapped': fieldSwaps,
  'two records swapped': recordSwaps,
};

/** Pseudo-random, the same for the same seed. */
export function makeRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** `most` of these, in groups of `together` that are about different records. */
export function groupCases(cases: readonly Case[], most: number, together: number, seed: number): Case[][] {
  const random = makeRandom(seed);
  const shuffled = cases.map((each) => ({ each, order: random() })).toSorted((a, b) => a.order - b.order);
  const groups: Case[][] = [];
  let taken = new Set<number>();
  let group: Case[] = [];
  for (const { each } of shuffled.slice(0, most)) {
    if (group.length === together || each.records.some((at) => taken.has(at))) {
      groups.push(group);
      [group, taken] = [[], new Set()];
    }
    group.push(each);
    for (const at of each.records) taken.add(at);
  }
  return [...groups, group].filter(({ length }) => length > 0);
}

/** The records after these cases. */
export function mutate(all: readonly Deployment[], cases: readonly Case[]): Deployment[] {
  const made: (Deployment | null)[] = [...all];
  for (const { apply } of cases) apply(made);
  return made.filter((each) => each !== null);
}

const ACCOUNTED_FOR = new Set(['found', 'explained', 'by-value', 'folded']);
/** Positions of the records that are not accounted for. */
export function notAccountedFor({ records }: Accounted): Set<number> {
  return new Set([...records.keys()].filter((at) => !ACCOUNTED_FOR.has(records[at]?.status ?? '')));
}

/** Applies a function to every scalar of a value, or to every object. */
function mapJson(
  value: Json,
  scalar: (value: Json) => Json,
  entries: (entries: [string, Json][]) => [string, Json][],
): Json {
  if (Array.isArray(value)) return value.map((each: Json) => mapJson(each, scalar, entries));
  if (typeof value !== 'object' || value === null) return scalar(value);
  const inner = Object.entries(value).map(([key, each]): [string, Json] => [key, mapJson(each, scalar, entries)]);
  return Object.fromEntries(entries(inner));
}

const same = <T>(value: T): T => value;
const onScalars =
  (scalar: (value: Json) => Json) =>
  (value: Json): Json =>
    mapJson(value, scalar, same);
const isAddress = (value: Json): value is string => typeof value === 'string' && /^0x[\da-fA-F]{40}$/.test(value);
const RENAMED: Readonly<Record<string, string>> = {
  proxy: 'proxyContract',
  proxyAddress: 'proxyContract',
  implementation: 'logic',
  address: 'logic',
  factoryByteCodeHash: 'fbh',
  timestamp: 'deployedAt',
  name: 'title',
  contractName: 'title',
  deploymentArgs: 'constructorArguments',
};

/** Changes that lose nothing. */
export const HARMLESS: Readonly<Record<string, (value: Json) => Json>> = {
  'addresses in lower case': onScalars((value) => (isAddress(value) ? value.toLowerCase() : value)),
  'times as ISO text': onScalars((value) =>
    typeof value === 'number' && value > 1e12 ? new Date(value).toISOString() : value,
  ),
  'numbers as text': onScalars((value) => (typeof value === 'number' ? String(value) : value)),
  'fields renamed': (value) =>
    mapJson(value, same, (entries) =>
      entries.map(([key, each]) => [RENAMED[key] ?? key.replace(/^extended_/, 'more_'), each]),
    ),
  'keys reordered': (value) => mapJson(value, same, (entries) => entries.toReversed()),
  additions: (value) =>
    mapJson(value, same, (entries) => [
      ...entries,
      ['addedLater', 'x'],
      ['Extra', { proxy: `0x${'ab'.repeat(20)}`, implementation: `0x${'cd'.repeat(20)}`, verified: true, version: 2 }],
    ]),
};

export function mapDocuments(documents: readonly NewDocument[], change: (value: Json) => Json): NewDocument[] {
  return documents.map((document) => ({ ...document, value: change(document.value) }));
}
