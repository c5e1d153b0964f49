/** Layout: the PE format specification, "Optional Header" and "The Attribute Certificate Table". */
const PE_SIGNATURE = 0x4550;
const MAGIC_PE32_PLUS = 0x20b;
const CHECKSUM_AT = 64;
/** In the optional header: data directory 4, an offset and a size. */
const CERTIFICATES_AT = 112 + 4 * 8;

function optionalHeader(pe: Buffer): number {
  const header = pe.readUInt32LE(0x3c);
  const optional = header + 24;
  if (pe.readUInt32LE(header) !== PE_SIGNATURE || pe.readUInt16LE(optional) !== MAGIC_PE32_PLUS) {
    throw new Error('not a 64-bit Windows executable');
  }
  return optional;
}

/** Whether an executable carries an Authenticode signature, good or not. */
export function isSigned(pe: Buffer): boolean {
  return pe.readUInt32LE(optionalHeader(pe) + CERTIFICATES_AT) !== 0;
}

/**
 * A copy without its Authenticode signature. Node for Windows is signed, and after a change to it a broken signature
 * would be worse than none. Returns the same bytes if there is none; throws if the signature is not at the end.
 */
export function removeAuthenticode(pe: Buffer): Buffer {
  const optional = optionalHeader(pe);
  const offset = pe.readUInt32LE(optional + CERTIFICATES_AT);
  const size = pe.readUInt32LE(optional + CERTIFICATES_AT + 4);
  if (offset === 0) return pe;
  if (offset + size !== pe.length) throw new Error('the certificate table is not at the end of the file');
  const unsigned = Buffer.from(pe.subarray(0, offset));
  unsigned.writeBigUInt64LE(0n, optional + CERTIFICATES_AT);
  // Zero means: no checksum. Windows checks it for drivers only.
  unsigned.writeUInt32LE(0, optional + CHECKSUM_AT);
  return unsigned;
}
