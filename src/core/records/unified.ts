import { isAddress } from './address.ts';
import { isObject, own, ownText, pointerTo, type JsonObject } from './json.ts';
import { chainIdOf, type Found, type Registry } from './registry.ts';

/** The groups of contracts of a unified registry. */
const GROUPS = ['core', 'protocol', 'infrastructure'];
/** Where a legacy registry has addresses beside `contracts`. */
const MORE = ['protocolContracts', 'infrastructureContracts'];

/**
 * One file for each network, as the scripts of lookcard-dev/lookcoin-contract write it: `{network, chainId, contracts}`. In the unified form, contracts
 * stand in groups and hashes in `verification`; in the legacy form, names stand in `contracts`. A record has `proxy` and `implementation`, or `address`.
 */
export function readUnified(path: string, value: unknown): Registry | null {
  const contracts = own(value, 'contracts');
  if (!isObject(value) || ownText(value, 'network') === undefined || !isObject(contracts)) return null;
  const chainId = chainIdOf(own(value, 'chainId'));
  const isUnified = GROUPS.some((group) => isObject(own(contracts, group)));
  if (isUnified) {
    const found = Object.entries(contracts).flatMap(([group, members]) =>
      isObject(members) ? recordsIn(members, ['contracts', group], (name) => hashIn(value, name)) : [],
    );
    return { format: 'unified', path, chainId, found };
  }
  const hashes = own(value, 'implementationHashes');
  const found = [['contracts', contracts] as const, ...MORE.map((key) => [key, own(value, key)] as const)].flatMap(
    ([key, members]) => (isObject(members) ? recordsIn(members, [key], (name) => own(hashes, name)) : []),
  );
  // A file that has these keys and no address is something else: a configuration with the sources of contracts, for example.
  return found.some(({ address }) => isAddress(address)) ? { format: 'legacy', path, chainId, found } : null;
}

function recordsIn(members: JsonObject, at: readonly string[], hashOf: (name: string) => unknown): Found[] {
  return Object.entries(members).flatMap(([name, record]): Found[] => {
    const here = pointerTo(...at, name);
    if (typeof record === 'string') return [{ name, address: record, codeHash: hashOf(name), pointer: here }];
    const [proxy, implementation] = [own(record, 'proxy'), own(record, 'implementation')];
    const address = proxy ?? own(record, 'address') ?? implementation;
    if (address === undefined || address === null) return [];
    const behind = proxy === undefined || proxy === null ? {} : { isProxy: true, implementation };
    return [{ name, address, ...behind, codeHash: hashOf(name), pointer: here }];
  });
}

function hashIn(registry: JsonObject, name: string): unknown {
  const stated = own(own(own(registry, 'verification'), 'implementationHashes'), name);
  return stated ?? own(own(registry, `extended_${name}`), 'implementationHash');
}
