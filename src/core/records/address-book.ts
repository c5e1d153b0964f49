import { codeHashOf, isAddress } from './address.ts';
import { readFoundry } from './foundry.ts';
import { readHardhatDeploy } from './hardhat-deploy.ts';
import { isBomb, isObject, type JsonObject, own, ownText, parseJson } from './json.ts';
import { readOpenZeppelin } from './openzeppelin.ts';
import { chainIdOf } from './registry.ts';
import { readTruffle } from './truffle.ts';
import { readUnified } from './unified.ts';

/** What a JSON file is to somebody who looks for records of deployments. */
export type JsonKind =
  /** It records addresses on a chain. */
  | 'registry'
  /** It has something that may be an address of some chain. */
  | 'addresses'
  /** It is known to be something else: an object of Kubernetes, an ABI, a list of tokens. */
  | 'other'
  /** It has no address. */
  | 'none'
  /** It is empty, or not JSON. */
  | 'unknown';

const MAX_NODES = 500_000;

/** Of Ethereum; of Starknet, Sui and Aptos; of Solana. */
const MAYBE_ADDRESS = /"(?:0x[0-9a-fA-F]{40}|0x[0-9a-fA-F]{58,64}|[1-9A-HJ-NP-Za-km-z]{43,44})"/;
/** The chain may stand where nobody looked, so in what is too big to be parsed a name for an address is enough. */
const NAMED_ADDRESS = /:\s*"0x[0-9a-fA-F]{40}"/;

/** Names of chains, as people call networks, files and folders. */
const CHAIN_NAMES = new Set(
  `mainnet ethereum testnet goerli sepolia holesky hoodi kovan rinkeby ropsten polygon matic mumbai amoy arbitrum arb optimism base bsc bnb opbnb avalanche
  avax fuji gnosis xdai chiado celo alfajores fantom ftm linea scroll zksync zkevm mantle blast moonbeam moonriver moonbase cronos aurora harmony metis fraxtal
  mode sonic berachain unichain ink soneium worldchain zora boba ronin taiko plume sei xlayer lisk plasma monad hyperevm sapphire`.split(
    /\s+/,
  ),
);
const CHAIN_IDS = new Set(
  `1 3 4 5 10 14 25 30 42 50 56 61 97 100 122 128 130 137 143 146 169 204 232 239 250 252 288 300 314 324 480 999 1088 1101 1135 1284 1285 1329 1868 2020 2222
  4326 5000 7777777 8217 8453 9745 10200 17000 34443 42161 42170 42220 43113 43114 44787 48900 57073 59141 59144 60808 80001 80002 80069 80084 80094 81457 84531
  84532 98866 167000 421613 421614 534351 534352 560048 7777777 11155111 11155420 1313161554 1666600000`.split(/\s+/),
);
/** What the parts of an ABI are (docs.soliditylang.org, "Contract ABI Specification"). */
const OF_ABI = new Set(['function', 'constructor', 'event', 'error', 'fallback', 'receive']);
const CHAIN_KEYS = ['chainId', 'chain_id', 'networkId', 'network', 'chain', 'chainName', 'networkName'];

/**
 * What a JSON file is, by its content. Whoever keeps addresses by hand names the chain in a key, in the file's name or in that of its folder; without
 * one of these, addresses alone make no registry.
 * @param path project-relative
 * @param bytes the file, or the beginning of a bigger one
 * @param isWhole false if it is the beginning
 */
export function kindOfJson(path: string, bytes: Buffer, isWhole: boolean): JsonKind {
  const text = bytes.toString('latin1');
  const hasAddress = MAYBE_ADDRESS.test(text);
  if (!isWhole || isBomb(bytes)) return NAMED_ADDRESS.test(text) ? 'registry' : hasAddress ? 'addresses' : 'unknown';
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return hasAddress ? kindOfText(path, text) : 'unknown';
  }
  if (isSomethingElse(value)) return 'other';
  if (hasAddress) return recordsAddresses(path, value) ? 'registry' : 'addresses';
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? 'unknown' : 'none';
}

/** Of a text that does not parse. */
function kindOfText(path: string, text: string): JsonKind {
  const namesItsChain = isOfChain(path) || CHAIN_KEYS.some((key) => text.includes(`"${key}"`));
  return NAMED_ADDRESS.test(text) && namesItsChain ? 'registry' : 'addresses';
}

function isSomethingElse(value: unknown): boolean {
  if (Array.isArray(value))
    return value.length > 0 && value.every((item: unknown) => OF_ABI.has(ownText(item, 'type') ?? ''));
  if (ownText(value, 'apiVersion') !== undefined && ownText(value, 'kind') !== undefined) return true;
  // Token lists (tokenlists.org) are published, and made again from their sources.
  const tokens = own(value, 'tokens');
  return Array.isArray(tokens) && tokens.some((token: unknown) => own(token, 'decimals') !== undefined);
}

function recordsAddresses(path: string, value: unknown): boolean {
  for (const read of [readUnified, readOpenZeppelin, readFoundry, readTruffle])
    if (read(path, value) !== null) return true;
  const deployment = readHardhatDeploy(path, value);
  if (deployment !== null && deployment.isWeak !== true && isAddress(own(value, 'address'))) return true;
  return isByHand(value, isOfChain(path));
}

/** Whether a name stands for an address on a chain that is named above or beside it. */
function isByHand(whole: unknown, isOfOneChain: boolean): boolean {
  const open: { readonly value: unknown; readonly onChain: boolean }[] = [{ value: whole, onChain: isOfOneChain }];
  for (let seen = 0; seen < MAX_NODES; seen++) {
    const next = open.pop();
    if (next === undefined) return false;
    if (Array.isArray(next.value)) {
      for (const value of next.value) if (typeof value === 'object') open.push({ value, onChain: next.onChain });
      continue;
    }
    if (!isObject(next.value)) continue;
    const onChain = next.onChain || saysChain(next.value);
    for (const [key, value] of Object.entries(next.value)) {
      const isHere = onChain || namesChain(key) || CHAIN_IDS.has(key);
      // The transaction that made it may stand for the name.
      if (isHere && (isAddress(value) || (isAddress(key) && codeHashOf(value) !== undefined))) return true;
      if (typeof value === 'object' && value !== null) open.push({ value, onChain: isHere });
    }
  }
  return false;
}

/** Whether an object says in one of its keys on which chain, or on which chains by their ids, everything in it is. */
function saysChain(value: JsonObject): boolean {
  return (
    CHAIN_KEYS.some((key) => isChain(own(value, key))) ||
    Object.entries(value).some(
      ([key, of]) => /network|chain/i.test(key) && isObject(of) && Object.keys(of).some((id) => CHAIN_IDS.has(id)),
    )
  );
}

function isChain(value: unknown): boolean {
  return chainIdOf(value) !== undefined || (typeof value === 'string' && namesChain(value));
}

/** Whether a file or its folder is called after a chain. */
function isOfChain(path: string): boolean {
  const [name = '', folder = ''] = path.split('/').toReversed();
  return [name.replace(/\.\w+$/, ''), folder].some(
    (part) =>
      namesChain(part) || CHAIN_IDS.has(part) || part.split(/\D+/).some((id) => id.length > 3 && CHAIN_IDS.has(id)),
  );
}

/** `mainnet`, `base-sepolia`, `arbitrumOne`, `deployed_hoodi` */
function namesChain(name: string): boolean {
  const words = name.split(/[^a-zA-Z0-9]+|(?<=[a-z0-9])(?=[A-Z])/);
  return words.some((word) => CHAIN_NAMES.has(word.toLowerCase()));
}
