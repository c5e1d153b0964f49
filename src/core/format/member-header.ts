import type { ScannedEntry } from '../model/entry.ts';
import { isPlain, writePlainHeader } from './plain-header.ts';
import { encodeHeader } from './tar-header.ts';
import { TAR_BLOCK } from './ustar.ts';

/** The header of a member, with its pax header where it needs one. */
export function memberHeader(entry: ScannedEntry): Buffer {
  if (!isPlain(entry)) return encodeHeader(entry);
  const block = Buffer.alloc(TAR_BLOCK);
  writePlainHeader(entry, block, 0);
  return block;
}

/** Writes the header of a member at `at`, with its pax header where it needs one; returns the bytes it takes. */
export function writeHeader(entry: ScannedEntry, block: Buffer, at: number): number {
  if (isPlain(entry)) {
    writePlainHeader(entry, block, at);
    return TAR_BLOCK;
  }
  const header = memberHeader(entry);
  block.set(header, at);
  return header.length;
}

/** The size of a member in a tar: its header and its padded content. */
export function memberBytes(entry: ScannedEntry): number {
  return (isPlain(entry) ? TAR_BLOCK : encodeHeader(entry).length) + paddedBytes(entry.size);
}

/** The size of a content with the zeros that fill its last block. */
export function paddedBytes(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}
