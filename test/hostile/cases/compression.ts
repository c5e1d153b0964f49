import zlib from 'node:zlib';
import { encodeSeekTable, PIECE_BYTES } from '../../../src/core/format/seek-table.ts';
import { noise } from '../../support/sample-archive.ts';
import type { HostileCase, Packed, Part } from '../support/hostile-case.ts';
import { END_BLOCKS, file, header, hidden, innocent, sha256 } from '../support/tar-parts.ts';

const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const RLE_BLOCK_BYTES = 128 << 10;

/** One frame and a seek table that says what is wanted of it. */
function oneFrame(frame: Buffer, size: number, behind: Buffer = Buffer.alloc(0)): Packed {
  const table = encodeSeekTable([{ compressedSize: frame.length, size }]);
  return { file: Buffer.concat([frame, behind, table]), frames: 1, tarSize: size };
}

function compress(bytes: Buffer): Buffer {
  return zlib.zstdCompressSync(bytes, { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } });
}

/** A frame of `blocks` × 128 KiB of zeros, four bytes each (RFC 8878, 3.1.1.2: block type 1 repeats one byte). */
function zeros(blocks: number): Buffer {
  const head = Buffer.concat([ZSTD_MAGIC, Buffer.from([0x00, 7 << 3])]);
  const body = Buffer.alloc(blocks * 4);
  for (let at = 0; at < blocks; at++) {
    const last = at === blocks - 1 ? 1 : 0;
    body.writeUIntLE((RLE_BLOCK_BYTES << 3) | (1 << 1) | last, at * 4, 3);
  }
  return Buffer.concat([head, body]);
}

/** Frames of 1 MiB each, as the table says, that a small index knows nothing of. */
function manyFrames(tar: Buffer): Packed {
  const first = Buffer.alloc(PIECE_BYTES);
  tar.copy(first);
  const frames = [compress(first), ...Array.from({ length: 1024 }, () => zeros(8))];
  const table = encodeSeekTable(frames.map((frame) => ({ compressedSize: frame.length, size: PIECE_BYTES })));
  return { file: Buffer.concat([...frames, table]), frames: frames.length, tarSize: frames.length * PIECE_BYTES };
}

const twoFiles = (): Part[] => [innocent(), file('docs/a', noise(20_000))];

function emptyMembers(): Part[] {
  const heads = Array.from({ length: 300_000 }, (_, at) => header(`docs/m/${at}`, 0));
  return [innocent(), hidden(Buffer.concat(heads))];
}

function largeClaim(): Part[] {
  const size = 1 << 30;
  const claim = { path: 'docs/bomb', type: 'file', size, sha256: sha256(Buffer.alloc(0)), mode: 0o644 } as const;
  return [innocent(), { claim, bytes: header('docs/bomb', size) }];
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

/** Bombs, and frames that are not what the seek table says. */
export const COMPRESSION_CASES: readonly HostileCase[] = [
  {
    name: 'h01',
    attack: '1 GiB of zeros in a frame of 32 KiB',
    verdict: 'reject',
    heavy: true,
    parts: () => [innocent()],
    pack: (tar) => oneFrame(zeros(8192), tar.length),
  },
  {
    name: 'h02',
    attack: 'a frame that is cut',
    verdict: 'reject',
    parts: twoFiles,
    pack: (tar) => oneFrame(compress(tar).subarray(0, -3000), tar.length),
  },
  {
    name: 'h03',
    attack: 'a bit of a frame flipped',
    verdict: 'reject',
    parts: twoFiles,
    pack: (tar) => oneFrame(flipped(compress(tar), 9000), tar.length),
  },
  {
    name: 'h04',
    attack: 'garbage between the frame and the table',
    verdict: 'reject',
    parts: () => [innocent()],
    pack: (tar) => oneFrame(compress(tar), tar.length, Buffer.from('garbage-garbage')),
  },
  {
    name: 'h05',
    attack: 'a second frame behind the first, in one row of the table',
    verdict: 'reject',
    parts: () => [innocent()],
    pack: (tar) =>
      oneFrame(
        Buffer.concat([compress(tar), compress(Buffer.concat([file('docs/second').bytes, END_BLOCKS]))]),
        tar.length,
      ),
  },
  {
    name: 'h06',
    attack: 'a frame that wants a window of 2 GiB',
    verdict: 'reject',
    heavy: true,
    parts: () => [innocent()],
    pack: (tar) => oneFrame(Buffer.concat([ZSTD_MAGIC, Buffer.from([0x00, (31 - 10) << 3, 0x01, 0, 0])]), tar.length),
  },
  {
    name: 'h07',
    attack: 'a frame that states 2^60 bytes',
    verdict: 'reject',
    heavy: true,
    parts: () => [innocent()],
    pack: (tar) =>
      oneFrame(Buffer.concat([ZSTD_MAGIC, Buffer.from([0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x01, 0, 0])]), tar.length),
  },
  {
    name: 'h08',
    attack: 'gzip in its place',
    verdict: 'reject',
    parts: () => [innocent()],
    pack: (tar) => oneFrame(zlib.gzipSync(tar), tar.length),
  },
  {
    name: 'h09',
    attack: '300,000 empty members that the index hides',
    verdict: 'reject',
    heavy: true,
    keepOrder: true,
    parts: emptyMembers,
  },
  {
    name: 'h10',
    attack: 'none: a large good file',
    verdict: 'accept',
    parts: () => [innocent(), file('docs/a', 'A'.repeat(100_000))],
  },
  {
    name: 'h11',
    attack: '1 GiB in good frames that the index does not list',
    verdict: 'reject',
    heavy: true,
    parts: () => [innocent()],
    pack: manyFrames,
  },
  {
    name: 'h12',
    attack: 'a file of 1 GiB in the index, nothing in the archive',
    verdict: 'reject',
    heavy: true,
    parts: largeClaim,
  },
];
