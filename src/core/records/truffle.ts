import { hasCode } from './hardhat-deploy.ts';
import { isObject, own, ownText, pointerTo } from './json.ts';
import { chainIdOf, type Found, type Registry } from './registry.ts';

/**
 * An artifact of Truffle (contract-schema, contract-object.spec.json): `networks` has an address for each network id, which is the chain id on all but
 * a few old chains. An artifact that was never deployed is no registry.
 */
export function readTruffle(path: string, value: unknown): Registry | null {
  const [name, networks] = [ownText(value, 'contractName'), own(value, 'networks')];
  if (name === undefined || !isObject(networks)) return null;
  const found = Object.entries(networks).flatMap(([network, record]): Found[] => {
    const address = own(record, 'address');
    if (address === undefined) return [];
    return [{ name, address, chainId: chainIdOf(network), pointer: pointerTo('networks', network) }];
  });
  if (found.length === 0) return null;
  const hasAbi = Array.isArray(own(value, 'abi'));
  const lacks = [...(hasAbi ? [] : ['ABI' as const]), ...(hasCode(value) ? [] : ['bytecode' as const])];
  return { format: 'truffle', path, lacks, found };
}
