import { isObject, own, ownText } from '../records/json.ts';

/** Bytes of a code: from, and how many. */
interface Span {
  readonly start: number;
  readonly length: number;
}

/** The code of a contract as a compiler gives it: without what its constructor and its linker put in. */
export interface CompiledCode {
  readonly bytes: Buffer;
  /** Where libraries, and in a library its own address, are put in. */
  readonly linked: readonly Span[];
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
  return { ...code, immutables: stated === undefined ? null : spansIn(stated) };
}

/** Hex with placeholders of 40 characters where libraries are not linked (solc, library linking): `__$…$__`, and `__name__…` before 0.5. */
function codeIn(text: string): Pick<CompiledCode, 'bytes' | 'linked'> | null {
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
  return { bytes, linked: isLibrary ? [...linked, { start: 1, length: ADDRESS_BYTES }] : linked };
}

/** `{ast id: [{start, length}]}`. */
function spansIn(references: object): Span[] {
  return Object.values(references)
    .flat()
    .flatMap((span: unknown) => {
      const [start, length] = [own(span, 'start'), own(span, 'length')];
      return isPlace(start) && isPlace(length) ? [{ start, length }] : [];
    });
}

function isPlace(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Compares code on a chain with compiled code, both without the metadata at their end, which differs with paths and comments of the source. */
export function compareCode(onChain: Buffer, { bytes, linked, immutables }: CompiledCode): CodeMatch {
  const [there, here] = [withoutMetadata(onChain), withoutMetadata(bytes)];
  const masked = [...linked, ...(immutables ?? [])];
  if (there.length === here.length) {
    const rest = differences(there, here, masked);
    if (rest.length === 0) return 'same';
    // Every place counts whole: the value that differs lies in one of them.
    const places = immutables === null ? zeroWords(here) : [];
    return rest.every((at) => places.some(({ start, length }) => at >= start && at < start + length))
      ? 'same-but-immutables'
      : 'differs';
  }
  // Vyper puts immutable values behind the code, in words.
  const more = onChain.length - bytes.length;
  const isLonger = immutables === null && more > 0 && more % WORD_BYTES === 0;
  return isLonger && onChain.subarray(0, bytes.length).equals(bytes) ? 'same-but-immutables' : 'differs';
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
const METADATA_KEYS = ['ipfs', 'bzzr0', 'bzzr1', 'solc', 'experimental'];
/** With all of these keys it has 120 bytes at most. */
const MAX_METADATA_BYTES = 128;

/**
 * solc ends a code with metadata in CBOR, a map of one to four of these keys, and two bytes that say how long it is. A longer end, or one without them, is
 * code: what is left out of a comparison must be nothing that is executed.
 */
export function withoutMetadata(code: Buffer): Buffer {
  if (code.length < 2) return code;
  const length = code.readUInt16BE(code.length - 2);
  const start = code.length - 2 - length;
  const first = code[start] ?? 0;
  if (start < 0 || length > MAX_METADATA_BYTES || first < 0xa1 || first > 0xa4) return code;
  const metadata = code.subarray(start, -2);
  return METADATA_KEYS.some((key) => metadata.includes(key)) ? code.subarray(0, start) : code;
}
