import type { ChainContract } from '../model/chain-check.ts';
import type { ChainNode } from './chain-node.ts';

/** Slots of ERC-1967 (Proxy Storage Slots): the hash of `eip1967.proxy.implementation`, less one, and so on. */
const IMPLEMENTATION = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc';
const ADMIN = '0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103';
const BEACON = '0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50';
/** Of OpenZeppelin's proxies before it: the hash of `org.zeppelinos.proxy.implementation`. */
const OLD_IMPLEMENTATION = '0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3';
/** `implementation()`, which a beacon has. */
const OF_BEACON = '0x5c60da1b';
/** All of a minimal proxy's code but the address in its middle (ERC-1167). */
const MINIMAL = /^363d3d373d3d3d363d73([\da-f]{40})5af43d82803e903d91602b57fd5bf3$/;

/** Where a proxy points, in lower case. Undefined if the contract is no proxy of a known kind. Throws as the node does. */
export async function readProxy(
  node: ChainNode,
  address: string,
  code: Buffer,
  block: number,
): Promise<ChainContract['proxy']> {
  const [, fixed] = MINIMAL.exec(code.toString('hex')) ?? [];
  if (fixed !== undefined) return { implementation: `0x${fixed}`, admin: null, beacon: null };
  const read = async (slot: string): Promise<string | null> => addressIn(await node.slot(address, slot, block));
  const [stated, admin, beacon] = await Promise.all([IMPLEMENTATION, ADMIN, BEACON].map(read));
  if (stated) return { implementation: stated, admin: admin ?? null, beacon: beacon ?? null };
  if (beacon)
    return { implementation: addressIn(await node.view(beacon, OF_BEACON, block)), admin: admin ?? null, beacon };
  const old = await read(OLD_IMPLEMENTATION);
  return old === null && !admin ? undefined : { implementation: old, admin: admin ?? null, beacon: null };
}

/** The last 20 bytes of a word; null if they are zero, or there is something before them, so that it is no address. */
function addressIn(word: Buffer): string | null {
  const hex = word.toString('hex');
  return /^0{24}(?!0{40})[\da-f]{40}$/.test(hex) ? `0x${hex.slice(24)}` : null;
}
