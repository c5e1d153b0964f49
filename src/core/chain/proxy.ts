import type { ChainNode } from './chain-node.ts';

/** Slots of ERC-1967 (Proxy Storage Slots): the hash of `eip1967.proxy.implementation`, less one, and so on. */
const IMPLEMENTATION = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc';
const ADMIN = '0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103';
const BEACON = '0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50';
/** Of OpenZeppelin's proxies before it: the hash of `org.zeppelinos.proxy.implementation`. */
const OLD_IMPLEMENTATION = '0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3';
/** Where Safe's proxies have it: the first variable of a contract. It may be anything else in another one, so that it proves only what is recorded. */
const FIRST = `0x${'0'.repeat(64)}`;
/** `implementation()`, which a beacon has. */
const OF_BEACON = '0x5c60da1b';

const PUSH20 = 0x73;
const DELEGATECALL = 0xf4;
/** A minimal proxy (ERC-1167 and its shorter forms) has its implementation within these bytes, and delegates to it right behind it. */
const CLONE_HEAD_BYTES = 48;
const CLONE_TAIL_BYTES = 24;

/** Where a proxy points, in lower case. */
export interface Proxy {
  /** All that its slots and its beacon name. A contract follows one of them, and from outside it is not known which. */
  readonly implementations: readonly string[];
  readonly admin: string | null;
  readonly beacon: string | null;
}

/**
 * Where a contract points. Undefined if it is no proxy of a known kind. Throws as the node does.
 * @param recorded implementations that records name for it, in lower case
 */
export async function readProxy(
  node: ChainNode,
  address: string,
  code: Buffer,
  block: number,
  recorded: ReadonlySet<string>,
): Promise<Proxy | undefined> {
  const fixed = cloneOf(code);
  if (fixed !== null) return { implementations: [fixed], admin: null, beacon: null };
  const read = async (slot: string): Promise<string | null> => addressIn(await node.slot(address, slot, block));
  const [implementation = null, admin = null, beacon = null] = await Promise.all(
    [IMPLEMENTATION, ADMIN, BEACON].map(read),
  );
  const answer = beacon === null ? null : await node.view(beacon, OF_BEACON, block);
  const ofBeacon = answer === null || answer.length !== 32 ? null : addressIn(answer);
  const named = [implementation, ofBeacon].filter((each) => each !== null);
  if (named.length > 0 || beacon !== null) return { implementations: [...new Set(named)], admin, beacon };
  const old = await read(OLD_IMPLEMENTATION);
  if (old !== null) return { implementations: [old], admin, beacon };
  const first = recorded.size === 0 ? null : await read(FIRST);
  if (first !== null && recorded.has(first)) return { implementations: [first], admin, beacon };
  return admin === null ? undefined : { implementations: [], admin, beacon };
}

/** The last 20 bytes of a word, as a contract reads an address; null if they are zero. */
function addressIn(word: Buffer): string | null {
  const hex = word.toString('hex').slice(-40);
  return /^0+$/.test(hex) ? null : `0x${hex}`;
}

/** The contract that a minimal proxy delegates everything to, which stands in its code. */
function cloneOf(code: Buffer): string | null {
  const at = code.indexOf(PUSH20);
  const end = at + 1 + 20;
  if (at < 0 || end > CLONE_HEAD_BYTES || !code.subarray(end, end + CLONE_TAIL_BYTES).includes(DELEGATECALL))
    return null;
  return addressIn(code.subarray(at + 1, end));
}
