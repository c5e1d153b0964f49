/*
 * Room "chain": what a chain says about recorded deployments. It only asks: every request is a read call, and nothing is signed or sent.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { errnoOf, throwIfInterrupted } from '../model/backup-error.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { NodeAddress } from './node-address.ts';
import { isBomb, isObject, own, ownText, parsedOrNothing } from '../records/json.ts';

/** For one answer, whole. */
const REQUEST_SECONDS = 10;
/** For all answers about one chain. */
const CHAIN_SECONDS = 180;
/** The code of a contract is 48 KiB of hex; no answer that is asked for is much longer. */
const MAX_ANSWER_BYTES = 4 << 20;
/** Waits before a node is asked again that has no time just now. */
const PAUSES_MS = [500, 1000, 2000, 4000];

/** Why a node gave no answer that can be used. The message is the end of a sentence that begins with "the node". */
export class NoAnswer extends Error {}

/** An error that the node answers with. */
class Refusal extends NoAnswer {}

/** Thrown away and tried again: too many requests, or one of several servers behind an address that does not have the block yet. */
class NotNow extends NoAnswer {}

export interface Block {
  readonly number: number;
  readonly hash: string;
  /** ISO 8601. */
  readonly time: string;
}

/** How long a node may take; tests wait less. */
export interface Patience {
  readonly requestMs: number;
  readonly chainMs: number;
}

/**
 * A node of a chain, asked by JSON-RPC over HTTP (Ethereum JSON-RPC specification; JSON-RPC 2.0). Each method throws NoAnswer if the node gives none that
 * can be used in time, and BackupError INTERRUPTED. Nothing that it throws or shows has more of the URL than its origin, because the rest may be a key.
 */
export class ChainNode {
  readonly #address: NodeAddress;
  readonly #signal: AbortSignal | undefined;
  readonly #patience: Patience;
  readonly #deadline: AbortSignal;
  #lastId = 0;

  constructor(
    url: URL,
    signal?: AbortSignal,
    patience: Patience = { requestMs: REQUEST_SECONDS * 1000, chainMs: CHAIN_SECONDS * 1000 },
  ) {
    this.#address = new NodeAddress(url);
    this.#signal = signal;
    this.#patience = patience;
    this.#deadline = AbortSignal.timeout(patience.chainMs);
  }

  /** Scheme, host and port. */
  get shown(): string {
    return this.#address.shown;
  }

  /** In decimal. */
  async chainId(): Promise<string> {
    return String(BigInt(await this.#hex('eth_chainId', [], QUANTITY)));
  }

  /** @param which the number of a block; without it the newest */
  async block(which?: number): Promise<Block> {
    const name = which === undefined ? 'latest' : quantity(which);
    const answer = await this.#call('eth_getBlockByNumber', [name, false]);
    const textAt = (key: string): string => ownText(answer, key) ?? '';
    const [number, hash, time] = [textAt('number'), textAt('hash'), textAt('timestamp')];
    if (!QUANTITY.test(number) || !WORD.test(hash) || !QUANTITY.test(time))
      throw new NoAnswer('answers eth_getBlockByNumber with something that is not a block');
    const date = new Date(Number(time) * 1000);
    if (Number.isNaN(date.getTime()) || !Number.isSafeInteger(Number(number)))
      throw new NoAnswer('answers eth_getBlockByNumber with a time or number that no block has');
    return { number: Number(number), hash: hash.toLowerCase(), time: date.toISOString() };
  }

  /** The code at an address; empty if there is none. */
  async code(address: string, block: number): Promise<Buffer> {
    const hex = await this.#hex('eth_getCode', [address, quantity(block)], BYTES);
    return Buffer.from(hex.slice(2), 'hex');
  }

  /** What a contract has stored in a slot, 32 bytes. */
  async slot(address: string, slot: string, block: number): Promise<Buffer> {
    const hex = await this.#hex('eth_getStorageAt', [address, slot, quantity(block)], BYTES_OR_QUANTITY);
    const digits = hex.slice(2).padStart(64, '0');
    if (digits.length > 64) throw new NoAnswer('answers eth_getStorageAt with more than 32 bytes');
    return Buffer.from(digits, 'hex');
  }

  /**
   * What a function without arguments returns; null if the contract fails or refuses.
   * @param selector 0x and the first four bytes of the hash of its signature
   */
  async view(address: string, selector: string, block: number): Promise<Buffer | null> {
    try {
      const hex = await this.#hex('eth_call', [{ to: address, data: selector }, quantity(block)], BYTES);
      return Buffer.from(hex.slice(2), 'hex');
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  }

  async #hex(method: string, params: readonly unknown[], shape: RegExp): Promise<string> {
    const answer = await this.#call(method, params);
    if (typeof answer === 'string' && shape.test(answer)) return answer;
    const isPlain = answer === null || typeof answer !== 'object';
    throw new NoAnswer(
      `answers ${method} with ${isPlain ? this.#quote(JSON.stringify(answer)) : 'a list or an object'}`,
    );
  }

  async #call(method: string, params: readonly unknown[]): Promise<unknown> {
    for (const wait of [...PAUSES_MS, undefined]) {
      try {
        return await this.#ask(method, params);
      } catch (error) {
        if (!(error instanceof NotNow) || wait === undefined) throw error;
        await pause(wait, undefined, { signal: this.#ends() }).catch(() => {
          throwIfInterrupted(this.#signal);
          throw error;
        });
      }
    }
    throw new Error('the last wait is undefined');
  }

  async #ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const id = ++this.#lastId;
    const inTime = AbortSignal.timeout(this.#patience.requestMs);
    const answer = await this.#orInterrupted(
      method,
      this.#post(JSON.stringify({ jsonrpc: '2.0', id, method, params }), AbortSignal.any([this.#ends(), inTime])),
      inTime,
    );
    return this.#resultOf(method, id, answer);
  }

  async #post(body: string, signal: AbortSignal): Promise<{ response: Response; bytes: Buffer }> {
    // A redirect could lead a key in the URL to somebody else.
    const response = await fetch(this.#address.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...this.#address.headers },
      body,
      signal,
      redirect: 'manual',
    });
    try {
      return { response, bytes: await wholeOf(response) };
    } catch (error) {
      if (error instanceof NoAnswer || signal.aborted) throw error;
      throw new NotNow('breaks its answer off', { cause: error });
    }
  }

  #resultOf(method: string, id: number, { response, bytes }: { response: Response; bytes: Buffer }): unknown {
    const { status } = response;
    if (status >= 300 && status < 400)
      throw new NoAnswer(`redirects to another place (HTTP ${status}), which is not followed`);
    if (status === 429) throw new NotNow('says that it gets too many requests (HTTP 429)');
    if (status >= 502 && status <= 504) throw new NotNow(`answers ${method} with HTTP ${status}`);
    const answer = isBomb(bytes) ? undefined : parsedOrNothing(bytes);
    const error = own(answer, 'error');
    if (isObject(error)) throw this.#refusal(method, error);
    if (!response.ok) throw new NoAnswer(`answers ${method} with HTTP ${status}`);
    if (!isObject(answer) || !Object.hasOwn(answer, 'result'))
      throw new NoAnswer(`does not speak JSON-RPC: it answers ${method} with ${this.#quote(bytes.toString('utf8'))}`);
    if (own(answer, 'id') !== id) throw new NoAnswer(`answers ${method} with the answer to another request`);
    return own(answer, 'result');
  }

  #refusal(method: string, error: object): NoAnswer {
    const message = ownText(error, 'message') ?? '';
    const code = own(error, 'code');
    const number = typeof code === 'number' ? `${code} ` : '';
    const text = `answers ${method} with the error ${this.#quote(`${number}${message}`)}`;
    const isLater = code === -32005 || /header not found|unknown block|block not found|rate limit/i.test(message);
    return isLater ? new NotNow(text) : new Refusal(text);
  }

  /** All that ends a request before its own time is up. */
  #ends(): AbortSignal {
    return this.#signal === undefined ? this.#deadline : AbortSignal.any([this.#signal, this.#deadline]);
  }

  async #orInterrupted<T>(method: string, work: Promise<T>, inTime?: AbortSignal): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throwIfInterrupted(this.#signal);
      if (error instanceof NoAnswer) throw error;
      const { requestMs, chainMs } = this.#patience;
      if (this.#deadline.aborted) throw new NoAnswer(`did not give all answers within ${chainMs / 1000} s`);
      if (inTime?.aborted === true)
        throw new NoAnswer(`gave no whole answer to ${method} within ${requestMs / 1000} s`);
      const reason = this.#quote(reasonOf(error));
      if (/ECONNRESET|socket hang up|other side closed/.test(reason)) throw new NotNow('breaks the connection off');
      throw new NoAnswer(`cannot be reached: ${reason}`, { cause: error });
    }
  }

  /** Text that comes from elsewhere: without what is to stay hidden, on one line and short. */
  #quote(text: string): string {
    return escapeName(shorten(this.#address.hide(text).replaceAll(/\s+/g, ' ').trim()));
  }
}

const QUANTITY = /^0x[\da-f]{1,64}$/i;
const WORD = /^0x[\da-f]{64}$/i;
const BYTES = /^0x(?:[\da-f]{2})*$/i;
const BYTES_OR_QUANTITY = /^0x[\da-f]*$/i;

function quantity(number: number): string {
  return `0x${number.toString(16)}`;
}

async function wholeOf(response: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new NoAnswer(`gives an answer of more than ${MAX_ANSWER_BYTES >> 20} MiB`);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** fetch says "fetch failed", and its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = errnoOf(cause);
  // OpenSSL's own words are lines of its source.
  if (code?.startsWith('ERR_SSL') === true) return `TLS fails (${code})`;
  const said = cause instanceof Error ? cause.message : String(cause);
  return said === '' ? (code ?? 'no reason is given') : said;
}
