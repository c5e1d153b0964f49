import { isObject, own, ownText } from './json.ts';
import type { Registry } from './registry.ts';

/** What hardhat-deploy or rocketh writes beside address and ABI: how the contract came there. */
const TRACES = ['transactionHash', 'receipt', 'args', 'numDeployments', 'solcInputHash', 'argsData', 'transaction'];
/** Only rocketh writes these. */
const OF_ROCKETH = ['argsData', 'inputSourceName'];

/**
 * A deployment of hardhat-deploy (types.ts, `Deployment`) or rocketh: one file for each name. Neither has the chain: the folder has it in `.chainId` or
 * `.chain`. The name is that of the file.
 */
export function readHardhatDeploy(path: string, value: unknown): Registry | null {
  if (!isObject(value) || ownText(value, 'address') === undefined) return null;
  const hasAbi = Array.isArray(own(value, 'abi'));
  const hasTrace = TRACES.some((key) => Object.hasOwn(value, key));
  const name = (/([^/]+)\.json$/.exec(path) ?? [])[1] ?? path;
  const implementation = own(value, 'implementation');
  const behind = typeof implementation === 'string' ? { isProxy: true, implementation } : {};
  return {
    format: OF_ROCKETH.some((key) => Object.hasOwn(value, key)) ? 'rocketh' : 'hardhat-deploy',
    path,
    isWeak: !(hasTrace && (hasAbi || hasCode(value))),
    lacks: [...(hasAbi ? [] : ['ABI' as const]), ...(hasCode(value) ? [] : ['bytecode' as const])],
    found: [{ name, address: own(value, 'address'), ...behind, pointer: '' }],
  };
}

/** Whether an artifact has the code of a contract; `0x` is that of an interface. */
export function hasCode(artifact: unknown): boolean {
  return [own(artifact, 'bytecode'), own(artifact, 'deployedBytecode')].some(
    (code) => typeof code === 'string' && code.length > '0x'.length,
  );
}
