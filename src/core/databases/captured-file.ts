import fs from 'node:fs';

/** One file of a capture: what to store, and its bytes. The bytes stay available if the name is removed or reused meanwhile. */
export interface CapturedFile {
  /** Its part of the database, as in `DatabaseFiles`. */
  readonly name: string;
  /** In bytes. A log that is being appended to ends after its last whole record. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** As it is on disk, also where an index cannot state it. */
  readonly mtimeNs: bigint;
  readonly uid: number;
  readonly gid: number;
  /** Reads into `block`, never past `size`; returns the number of bytes, 0 at the end. */
  read(block: Buffer, blockOffset: number, length: number, position: number): number;
  /** The caller calls this after the copy. It throws DATABASE_BUSY or DATABASE_DAMAGED if the file changed meanwhile. */
  done(): void;
}

type Attributes = Pick<CapturedFile, 'mode' | 'mtimeNs' | 'uid' | 'gid'>;

export function attributesOf(stat: fs.BigIntStats): Attributes {
  return {
    mode: Number(stat.mode & 0o777n),
    mtimeNs: stat.mtimeNs,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
}

/** A small file that is held in memory. */
export function heldFile(name: string, bytes: Buffer, stat: fs.BigIntStats): CapturedFile {
  return {
    name,
    size: bytes.length,
    ...attributesOf(stat),
    read: (block, blockOffset, length, position) => bytes.copy(block, blockOffset, position, position + length),
    done: () => undefined,
  };
}

/** Reads a descriptor as `CapturedFile.read` does, never past `size`. */
export function readBounded(
  fd: number,
  size: number,
  block: Buffer,
  blockOffset: number,
  length: number,
  position: number,
): number {
  const wanted = Math.min(length, size - position);
  return wanted <= 0 ? 0 : fs.readSync(fd, block, blockOffset, wanted, position);
}
