/** CRC-32C (Castagnoli) and LevelDB's masking of it, after util/crc32c.cc and util/crc32c.h of Google's LevelDB. */

const POLYNOMIAL = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;
const SLICES = 8;

/** Slicing-by-8 tables: slice `s`, byte `b` is at `s * 256 + b`. */
const TABLE = makeTable();
const T0 = TABLE.subarray(0, 256);
const T1 = TABLE.subarray(256, 512);
const T2 = TABLE.subarray(512, 768);
const T3 = TABLE.subarray(768, 1024);
const T4 = TABLE.subarray(1024, 1280);
const T5 = TABLE.subarray(1280, 1536);
const T6 = TABLE.subarray(1536, 1792);
const T7 = TABLE.subarray(1792, 2048);

function makeTable(): Int32Array {
  const table = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  for (let index = 256; index < table.length; index++) {
    const previous = table[index - 256] ?? 0;
    table[index] = (table[previous & 255] ?? 0) ^ (previous >>> 8);
  }
  return table;
}

/** One entry of a table; the index is always a byte, so the fallback only satisfies the type checker. */
const at = (table: Int32Array, index: number): number => table[index] ?? 0;

/** CRC-32C of `bytes[start, end)`, as an unsigned 32-bit number. `seed` continues an earlier result. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, seed = 0): number {
  let crc = ~seed;
  let i = start;
  for (const last = end - 7; i < last; i += 8) {
    crc ^= (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
    crc =
      at(T7, crc & 255) ^
      at(T6, (crc >>> 8) & 255) ^
      at(T5, (crc >>> 16) & 255) ^
      at(T4, crc >>> 24) ^
      at(T3, bytes[i + 4] ?? 0) ^
      at(T2, bytes[i + 5] ?? 0) ^
      at(T1, bytes[i + 6] ?? 0) ^
      at(T0, bytes[i + 7] ?? 0);
  }
  for (; i < end; i++) crc = at(T0, (crc ^ (bytes[i] ?? 0)) & 255) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The form in which LevelDB stores a CRC: rotated and shifted, so that a CRC of data that holds CRCs stays useful. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/** The inverse of `maskCrc`. */
export function unmaskCrc(masked: number): number {
  const rotated = (masked - MASK_DELTA) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
