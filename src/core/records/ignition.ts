import { isBomb, isObject, own, ownText, parsedOrNothing, pointerTo } from './json.ts';
import { chainIdOf, type Found, type Registry, TOO_MUCH } from './registry.ts';

/** A line may hold the code of a contract many times over, but no chain takes more than this. */
const MAX_LINE_BYTES = 16 << 20;
/** A contract takes about six lines. */
const MAX_LINES = 500_000;
const MAX_BROKEN = 1000;

/** `deployed_addresses.json` of Hardhat Ignition: future id -> address. The chain stands in the journal beside it, or is the folder's. */
export function readDeployedAddresses(path: string, value: unknown): Registry | null {
  if (!isObject(value) || !Object.values(value).every((address) => typeof address === 'string')) return null;
  const found = Object.entries(value).map(([name, address]) => ({ name, address, pointer: pointerTo(name) }));
  return { format: 'ignition', path, found };
}

export interface Journal extends Registry {
  /** Futures that were wiped and not deployed again: Ignition leaves their addresses in deployed_addresses.json (ignition-core, wiper.ts). */
  readonly wiped: ReadonlySet<string>;
  /** Futures of contracts that others deployed (`contractAt`): of them Ignition knows the ABI, not the code. */
  readonly others: ReadonlySet<string>;
  /** Numbers of lines that are not JSON, from 1. */
  readonly broken: readonly number[];
  /** Whether the last line is one of them. */
  readonly isCut: boolean;
}

/**
 * Reads a journal of Hardhat Ignition line by line (ignition-core, messages.ts, `JournalMessageType`): what it adds up to is what Ignition goes by. Each
 * message is written after a line break and without one at its end (file-journal.ts). Null if no line is a message.
 */
export function readJournal(path: string, chunks: Iterable<Buffer>): Journal | typeof TOO_MUCH | null {
  const deployed = new Map<string, Found>();
  const wiped = new Set<string>();
  const others = new Set<string>();
  const broken: number[] = [];
  let [chainId, last, isJournal]: [string | undefined, number, boolean] = [undefined, 0, false];
  for (const { number, text } of linesOf(chunks)) {
    last = number;
    if (number > MAX_LINES || broken.length > MAX_BROKEN) return isJournal ? TOO_MUCH : null;
    const message = text === null ? undefined : parsedOrNothing(text);
    if (message === undefined) {
      broken.push(number);
      continue;
    }
    const [type = '', future] = [ownText(message, 'type'), ownText(message, 'futureId')];
    isJournal ||= type === 'DEPLOYMENT_INITIALIZE' || future !== undefined;
    if (type === 'DEPLOYMENT_INITIALIZE') chainId = chainIdOf(own(message, 'chainId'));
    if (future === undefined) continue;
    if (type === 'WIPE_APPLY') {
      deployed.delete(future);
      wiped.add(future);
    }
    if (type === 'CONTRACT_AT_EXECUTION_STATE_INITIALIZE') others.add(future);
    const address = addressIn(type, message);
    if (address === undefined) continue;
    wiped.delete(future);
    deployed.set(future, { name: future, address, pointer: pointerTo(number - 1) });
  }
  if (!isJournal) return null;
  const found = [...deployed.values()];
  return { format: 'ignition', path, chainId, found, wiped, others, broken, isCut: broken.at(-1) === last };
}

/** The messages with which an address gets into deployed_addresses.json (future-processor.ts, `_recordDeployedAddressIfNeeded`). */
function addressIn(type: string, message: unknown): unknown {
  if (type === 'CONTRACT_AT_EXECUTION_STATE_INITIALIZE') return own(message, 'contractAddress');
  const result = own(message, 'result');
  if (type !== 'DEPLOYMENT_EXECUTION_STATE_COMPLETE' || own(result, 'type') !== 'SUCCESS') return undefined;
  return own(result, 'address');
}

/** Lines that are not blank, with their numbers from 1; null in place of one that is too much to parse. */
function* linesOf(chunks: Iterable<Buffer>): Generator<{ number: number; text: Buffer | null }> {
  let number = 1;
  let [parts, size]: [Buffer[], number] = [[], 0];
  const line = function* (): Generator<{ number: number; text: Buffer | null }> {
    const text = size > MAX_LINE_BYTES ? null : Buffer.concat(parts);
    if (text === null || text.some((byte) => byte > 0x20))
      yield { number, text: text === null || isBomb(text) ? null : text };
    [parts, size] = [[], 0];
  };
  const take = (part: Buffer): void => {
    size += part.length;
    // A chunk may be used again by whoever gave it.
    if (size <= MAX_LINE_BYTES) parts.push(Buffer.from(part));
    else parts = [];
  };
  for (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      take(chunk.subarray(from, at));
      yield* line();
      number++;
      from = at + 1;
    }
    take(chunk.subarray(from));
  }
  yield* line();
}
