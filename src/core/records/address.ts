const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const ZERO = /^0x0{40}$/;
const HASH = /^0x[0-9a-fA-F]{64}$/;

export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && ADDRESS.test(value);
}

/** What an address in a registry is: `none` stands for one that was never filled in (empty, or zero). */
export type AddressKind = 'good' | 'none' | 'no-address' | 'checksum';

/** Judges addresses. The hash function is loaded for it: call this once, and only if there is something to judge. */
export async function addressJudge(): Promise<(value: unknown) => AddressKind> {
  const { keccak_256: keccak } = await import('@noble/hashes/sha3.js');
  const known = new Map<string, AddressKind>();
  const judge = (address: string): AddressKind => {
    const digits = address.slice(2);
    if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return 'good';
    return digits === checksummed(digits.toLowerCase(), keccak) ? 'good' : 'checksum';
  };
  return (value) => {
    if (value === undefined || value === null || value === '') return 'none';
    if (!isAddress(value)) return 'no-address';
    if (ZERO.test(value)) return 'none';
    const kind = known.get(value) ?? judge(value);
    known.set(value, kind);
    return kind;
  };
}

/** EIP-55: a letter is a capital if the digit of the hash at its place is 8 or more. */
function checksummed(digits: string, keccak: (bytes: Uint8Array) => Uint8Array): string {
  const hash = Buffer.from(keccak(Buffer.from(digits))).toString('hex');
  return digits.replaceAll(/[a-f]/g, (digit, at: number) => ((hash[at] ?? '0') >= '8' ? digit.toUpperCase() : digit));
}

/** The hash that a registry states, if it is one. */
export function codeHashOf(value: unknown): string | undefined {
  return typeof value === 'string' && HASH.test(value) ? value : undefined;
}
