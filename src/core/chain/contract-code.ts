import { isObject, own, ownText } from '../records/json.ts';

/** Bytes of a code: from, and how many. */
interface Span {
  readonly start: number;
  readonly length: number;
}

/** The code of a contract as a compiler gives it: without what its constructor and its linker put in. */
export interface CompiledCode {
  readonly bytes: Buffer;
  /** Where libraries are put in. */
  readonly linked: readonly Span[];
  /** The libraries that the record names, in lower case without 0x; null if it names none. */
  readonly libraries: readonly string[] | null;
  /** Where a library has its own address; null in anything else. */
  readonly itself: Span | null;
  /** Whether its compiler puts immutable values behind the code. */
  readonly isVyper: boolean;
  /** Where the constructor puts in values; null if the artifact does not say, which leaves every `PUSH32 0` a place for one. */
  readonly immutables: readonly Span[] | null;
}

/** How code on a chain compares with compiled code. */
export type CodeMatch = 'same' | 'same-but-immutables' | 'differs';

const PUSH20 = 0x73;
const PUSH32 = 0x7f;
const ADDRESS_BYTES = 20;
const WORD_BYTES = 32;
/** Of a chain; what is longer is no code of a contract. */
const MAX_CODE_BYTES = 1 << 20;

/**
 * The code that an artifact says a contract has at its address: `deployedBytecode` of Hardhat, hardhat-deploy, Ignition and Truffle, or
 * `evm.deployedBytecode` of solc's own output, with the `immutableReferences` beside it. Null if it has none.
 */
export function compiledCodeOf(artifact: unknown): CompiledCode | null {
  const ofSolc = own(own(artifact, 'evm'), 'deployedBytecode');
  const deployed = own(artifact, 'deployedBytecode');
  const text = typeof deployed === 'string' ? deployed : (ownText(deployed, 'object') ?? ownText(ofSolc, 'object'));
  const code = text === undefined ? null : codeIn(text);
  if (code === null) return null;
  const stated = [artifact, deployed, ofSolc].map((part) => own(part, 'immutableReferences')).find(isObject);
  const libraries = own(artifact, 'libraries');
  return {
    ...code,
    libraries: isObject(libraries) ? Object.values(libraries).map((each) => String(each).slice(2).toLowerCase()) : null,
    isVyper: isOfVyper(artifact),
    immutables: stated === undefined ? null : placesIn(stated, code.bytes),
  };
}

/** Whether an artifact has a code that `compiledCodeOf` cannot read. */
export function hasBrokenCode(artifact: unknown): boolean {
  const deployed = own(artifact, 'deployedBytecode');
  const text = typeof deployed === 'string' ? deployed : ownText(deployed, 'object');
  return text !== undefined && text !== '' && text !== '0x' && compiledCodeOf(artifact) === null;
}

function isOfVyper(artifact: unknown): boolean {
  const says = [ownText(artifact, '_format'), ownText(artifact, 'sourceName'), ownText(artifact, 'inputSourceName')];
  return says.some((text) => text !== undefined && /vyper|\.vy$/.test(text));
}

/** Hex with placeholders of 40 characters where libraries are not linked (solc, library linking): `__$…$__`, and `__name__…` before 0.5. */
function codeIn(text: string): Pick<CompiledCode, 'bytes' | 'linked' | 'itself'> | null {
  const hex = text.replace(/^0x/i, '');
  if (hex === '' || hex.length > 2 * MAX_CODE_BYTES) return null;
  const linked: Span[] = [];
  const filled = hex.replaceAll(/__.{36}__|__[^_].{37}/g, (place, at: number) => {
    linked.push({ start: at / 2, length: ADDRESS_BYTES });
    return '0'.repeat(place.length);
  });
  if (!/^(?:[\da-f]{2})+$/i.test(filled) || linked.some(({ start }) => !Number.isInteger(start))) return null;
  const bytes = Buffer.from(filled, 'hex');
  // A library begins with its own address, which is put in when it is deployed (solc, call protection for libraries).
  const isLibrary =
    bytes[0] === PUSH20 && bytes[1 + ADDRESS_BYTES] === 0x30 && isZero(bytes.subarray(1, 1 + ADDRESS_BYTES));
  return { bytes, linked, itself: isLibrary ? { start: 1, length: ADDRESS_BYTES } : null };
}

/** `{ast id: [{start, length}]}`. solc pushes a word of zeros at each place, so that a span elsewhere says nothing. */
function placesIn(references: object, code: Buffer): Span[] {
  return Object.values(references)
    .flat()
    .flatMap((span: unknown) => {
      const [start, length] = [own(span, 'start'), own(span, 'length')];
      return zeroWords(code).filter((word) => word.start === start && word.length === length);
    });
}

/**
 * Compares code on a chain with compiled code, both without the metadata at their end, which differs with paths and comments of the source.
 * @param address of the contract, which a library has in its code
 */
export function compareCode(onChain: Buffer, compiled: CompiledCode, address: string): CodeMatch {
  const { bytes, linked, itself, immutables, isVyper } = compiled;
  const [there, here] = [withoutMetadata(onChain), withoutMetadata(bytes)];
  if (there.length !== here.length) {
    const more = onChain.length - bytes.length;
    const hasValues = isVyper && more > 0 && more % WORD_BYTES === 0 && onChain.subarray(0, bytes.length).equals(bytes);
    return hasValues ? 'same-but-immutables' : 'differs';
  }
  if (!isLinkedRight(there, compiled, address)) return 'differs';
  const rest = differences(there, here, [...linked, ...(itself === null ? [] : [itself]), ...(immutables ?? [])]);
  if (rest.length === 0) return 'same';
  const places = immutables === null ? zeroWords(here) : [];
  return rest.every((at) => places.some(({ start, length }) => at >= start && at < start + length))
    ? 'same-but-immutables'
    : 'differs';
}

/** Whether a library has its own address, and the places of libraries those that the record names. */
function isLinkedRight(code: Buffer, { linked, libraries, itself }: CompiledCode, address: string): boolean {
  const at = ({ start, length }: Span): string => code.toString('hex', start, start + length);
  if (itself !== null && at(itself) !== address.slice(2).toLowerCase()) return false;
  return libraries === null || linked.every((span) => libraries.includes(at(span)));
}

/** Places at which two codes of one length differ, outside of `masked`. */
function differences(a: Buffer, b: Buffer, masked: readonly Span[]): number[] {
  if (a.equals(b)) return [];
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  for (const { start, length } of masked) {
    left.fill(0, start, Math.min(start + length, left.length));
    right.fill(0, start, Math.min(start + length, right.length));
  }
  return [...left.keys()].filter((at) => left[at] !== right[at]);
}

/** Where a constructor may have put in a value: solc pushes 32 bytes of zero there. */
function zeroWords(code: Buffer): Span[] {
  const found: Span[] = [];
  for (let at = code.indexOf(PUSH32); at >= 0; at = code.indexOf(PUSH32, at + 1)) {
    const word = code.subarray(at + 1, at + 1 + WORD_BYTES);
    if (word.length === WORD_BYTES && isZero(word)) found.push({ start: at + 1, length: WORD_BYTES });
  }
  return found;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

/** What metadata of solc says: where its source is published, which compiler it was (solc, contract metadata). */
const METADATA_KEYS = new Set(['ipfs', 'bzzr0', 'bzzr1', 'solc', 'experimental']);
/** What stands between code and metadata, so that nothing is executed into it: INVALID, and STOP before solc 0.5. */
const ENDS = [0xfe, 0x00];

/**
 * solc ends a code with metadata in CBOR, a map of some of these keys, and two bytes that say how long it is. Any other end is code: what is left out of a
 * comparison must be nothing that is executed.
 */
export function withoutMetadata(code: Buffer): Buffer {
  if (code.length < 2) return code;
  const start = code.length - 2 - code.readUInt16BE(code.length - 2);
  if (start < 1 || !ENDS.includes(code[start - 1] ?? -1) || !isMetadata(code.subarray(start, -2))) return code;
  return code.subarray(0, start);
}

/** Whether bytes are one CBOR map (RFC 8949) of the keys of solc, each with bytes, a text of a few characters or a truth value, and nothing else. */
function isMetadata(bytes: Buffer): boolean {
  let at = 1;
  /** Bytes (major type 2) or text (3) of less than 256 bytes. */
  const string = (major: 2 | 3): Buffer | null => {
    const head = (bytes[at] ?? 0) - (major << 5);
    if (head < 0 || head > 24) return null;
    const from = head === 24 ? at + 2 : at + 1;
    const length = head === 24 ? (bytes[at + 1] ?? 0) : head;
    at = from + length;
    return at <= bytes.length ? bytes.subarray(from, at) : null;
  };
  const isValue = (): boolean => {
    if (bytes[at] === 0xf4 || bytes[at] === 0xf5) return ++at > 0;
    return string(2) !== null || string(3) !== null;
  };
  const keys = (bytes[0] ?? 0) - 0xa0;
  if (keys < 1 || keys > METADATA_KEYS.size) return false;
  for (let left = keys; left > 0; left--)
    if (!METADATA_KEYS.has(string(3)?.toString('latin1') ?? '') || !isValue()) return false;
  return at === bytes.length;
}
