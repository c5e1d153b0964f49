/**
 * The embedded signature of a Mach-O file: a "super blob" of blobs, big-endian. Layout: <kern/cs_blobs.h> of XNU. We sign and
 * check it ourselves, so that a macOS binary can be made on Linux: Apple's processors run nothing that is unsigned, but an
 * "ad hoc" signature, which is hashes without a certificate, is enough.
 */
import { createHash } from 'node:crypto';

export const PAGE_SIZE = 4096;
const HASH_SIZE = 32;
const MAGIC_SUPER_BLOB = 0xfade0cc0;
const MAGIC_CODE_DIRECTORY = 0xfade0c02;
const SUPER_BLOB_HEADER = 12;
const INDEX_ENTRY = 8;
const DIRECTORY_HEADER = 88;
/** The version with `execSegFlags`, which arm64 requires. */
const DIRECTORY_VERSION = 0x20400;
const FLAG_AD_HOC = 0x2;
const HASH_SHA1 = 1;
const HASH_SHA256 = 2;
const EXEC_SEG_MAIN_BINARY = 1n;

export interface SignedCode {
  readonly identifier: string;
  /** Everything before the signature. */
  readonly code: Buffer;
  readonly textOffset: number;
  readonly textSize: number;
  readonly isMainBinary: boolean;
}

function directorySize(identifier: string, codeSize: number): number {
  return DIRECTORY_HEADER + identifier.length + 1 + Math.ceil(codeSize / PAGE_SIZE) * HASH_SIZE;
}

/** The size of the signature for that much code in bytes, padding to 16 included. It is known before there is anything to hash. */
export function signatureSize(identifier: string, codeSize: number): number {
  return Math.ceil((SUPER_BLOB_HEADER + INDEX_ENTRY + directorySize(identifier, codeSize)) / 16) * 16;
}

/** The hashes of all pages; the last page is not padded. */
function pageHashes(code: Buffer, pageSize: number, algorithm: 'sha1' | 'sha256'): Buffer[] {
  return Array.from({ length: Math.ceil(code.length / pageSize) }, (_, page) =>
    createHash(algorithm)
      .update(code.subarray(page * pageSize, (page + 1) * pageSize))
      .digest(),
  );
}

function codeDirectory({ identifier, code, textOffset, textSize, isMainBinary }: SignedCode): Buffer {
  const directory = Buffer.alloc(directorySize(identifier, code.length));
  const hashesAt = DIRECTORY_HEADER + identifier.length + 1;
  directory.writeUInt32BE(MAGIC_CODE_DIRECTORY, 0);
  directory.writeUInt32BE(directory.length, 4);
  directory.writeUInt32BE(DIRECTORY_VERSION, 8);
  directory.writeUInt32BE(FLAG_AD_HOC, 12);
  directory.writeUInt32BE(hashesAt, 16);
  directory.writeUInt32BE(DIRECTORY_HEADER, 20);
  directory.writeUInt32BE(Math.ceil(code.length / PAGE_SIZE), 28);
  directory.writeUInt32BE(code.length, 32);
  directory[36] = HASH_SIZE;
  directory[37] = HASH_SHA256;
  directory[39] = Math.log2(PAGE_SIZE);
  directory.writeBigUInt64BE(BigInt(textOffset), 64);
  directory.writeBigUInt64BE(BigInt(textSize), 72);
  directory.writeBigUInt64BE(isMainBinary ? EXEC_SEG_MAIN_BINARY : 0n, 80);
  directory.write(identifier, DIRECTORY_HEADER, 'latin1');
  Buffer.concat(pageHashes(code, PAGE_SIZE, 'sha256')).copy(directory, hashesAt);
  return directory;
}

/** The ad-hoc signature of the code: one code directory in a super blob. */
export function adHocSignature(signed: SignedCode): Buffer {
  const signature = Buffer.alloc(signatureSize(signed.identifier, signed.code.length));
  const directory = codeDirectory(signed);
  const directoryAt = SUPER_BLOB_HEADER + INDEX_ENTRY;
  signature.writeUInt32BE(MAGIC_SUPER_BLOB, 0);
  signature.writeUInt32BE(directoryAt + directory.length, 4);
  signature.writeUInt32BE(1, 8);
  // The index: one entry, of type 0 (code directory).
  signature.writeUInt32BE(directoryAt, 16);
  directory.copy(signature, directoryAt);
  return signature;
}

export interface CheckedDirectory {
  readonly identifier: string;
  readonly adHoc: boolean;
  /** How many bytes from the start of the file it covers. */
  readonly codeSize: number;
  /** Numbers of the pages whose bytes are not what was signed. */
  readonly badPages: readonly number[];
}

function checkDirectory(directory: Buffer, file: Buffer): CheckedDirectory {
  const hashesAt = directory.readUInt32BE(16);
  const identifierAt = directory.readUInt32BE(20);
  const codeSize = directory.readUInt32BE(32);
  const hashSize = directory.readUInt8(36);
  const algorithm = directory[37] === HASH_SHA1 ? 'sha1' : 'sha256';
  const actual = pageHashes(file.subarray(0, codeSize), 2 ** directory.readUInt8(39), algorithm);
  if (actual.length !== directory.readUInt32BE(28)) throw new Error('a code directory with too many or too few hashes');
  const badPages = actual.flatMap((hash, page) => {
    const expected = directory.subarray(hashesAt + page * hashSize, hashesAt + (page + 1) * hashSize);
    return hash.subarray(0, hashSize).equals(expected) ? [] : [page];
  });
  return {
    identifier: directory.toString('latin1', identifierAt, directory.indexOf(0, identifierAt)),
    adHoc: (directory.readUInt32BE(12) & FLAG_AD_HOC) !== 0,
    codeSize,
    badPages,
  };
}

/** Checks each code directory of an embedded signature against the file; throws if it is not a signature at all. */
export function checkSignature(signature: Buffer, file: Buffer): CheckedDirectory[] {
  if (signature.readUInt32BE(0) !== MAGIC_SUPER_BLOB) throw new Error('not an embedded signature');
  const offsets = Array.from({ length: signature.readUInt32BE(8) }, (_, index) =>
    signature.readUInt32BE(SUPER_BLOB_HEADER + index * INDEX_ENTRY + 4),
  );
  const directories = offsets.filter((offset) => signature.readUInt32BE(offset) === MAGIC_CODE_DIRECTORY);
  return directories.map((offset) =>
    checkDirectory(signature.subarray(offset, offset + signature.readUInt32BE(offset + 4)), file),
  );
}
