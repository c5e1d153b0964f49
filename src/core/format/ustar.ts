/** The places of ustar's fields, and what they hold (POSIX.1-2024 pax, "ustar Interchange Format"). */

export const TAR_BLOCK = 512;
/** Two blocks of zeros end an archive; zeros also fill the last block of a file. */
export const END_BLOCKS = Buffer.alloc(2 * TAR_BLOCK);

/** The place of a field in the block, and its length in bytes. */
export type Field = readonly [at: number, length: number];

export const NAME: Field = [0, 100];
export const MODE: Field = [100, 8];
export const UID: Field = [108, 8];
export const GID: Field = [116, 8];
export const SIZE: Field = [124, 12];
export const MTIME: Field = [136, 12];
export const CHECKSUM: Field = [148, 8];
export const TYPE_AT = 156;
export const LINK: Field = [157, 100];
/** The magic, followed by the version. */
export const MAGIC: Field = [257, 8];
export const DEVICE_MAJOR: Field = [329, 8];
export const DEVICE_MINOR: Field = [337, 8];
export const PREFIX: Field = [345, 155];

export const NAME_BYTES = NAME[1];
export const MAGIC_BYTES = Buffer.from('ustar\x0000', 'latin1');
export const TYPE_BYTES = { file: 0x30, symlink: 0x32, dir: 0x35 } as const;
/** The largest values that the octal fields hold. */
export const MAX_SIZE = 0o77777777777;
export const MAX_ID = 0o7777777;
export const MAX_MTIME = 0o77777777777;

export function fieldOf(block: Buffer, [at, length]: Field): Buffer {
  return block.subarray(at, at + length);
}

/** More than a header with a pax header before it has: that holds a path and a target of 4096 bytes at most. */
export const MOST_HEADER_BYTES = 16 << 10;
