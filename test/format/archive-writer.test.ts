import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArchiveWriter } from '../../src/core/format/archive-writer.ts';
import { FrameWriter } from '../../src/core/format/frame-writer.ts';
import { PIECE_BYTES } from '../../src/core/format/seek-table.ts';
import type { Compression } from '../../src/core/model/category.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import {
  fileMember,
  folderMember,
  inspectArchive,
  linkMember,
  noise,
  writeArchive,
  type Member,
} from '../support/sample-archive.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { withFault } from '../transaction/support/faults.ts';

const COMPRESSIONS: [Compression][] = [['zstd'], ['none']];
/** Sizes around a block and around a piece, less the header of 512 bytes before them. */
const SIZES = [0, 1, 511, 512, 513, PIECE_BYTES - 513, PIECE_BYTES - 512, PIECE_BYTES - 511, 2 * PIECE_BYTES + 9];

function sampleMembers(): Member[] {
  return [
    folderMember('d'),
    folderMember('d/empty'),
    ...SIZES.map((size, at) => fileMember(`d/file-${at}`, noise(size, at + 1))),
    linkMember('d/link', 'file-0'),
  ];
}

describe.each(COMPRESSIONS)('compression %s', (compression) => {
  test('what is written is read back, and the facts are those of the file', async () => {
    using temp = tempFolder();
    const members = sampleMembers();
    const written = await writeArchive(path.join(temp.path, 'a'), members, compression);
    const bytes = readFileSync(written.file);
    const { size, sha256, frames, tarSize } = written.facts;
    expect({ size, sha256 }).toEqual({
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(frames).toBe(compression === 'zstd' ? Math.ceil(tarSize / PIECE_BYTES) : 0);
    const seen = await inspectArchive(written);
    expect(seen).toMatchObject({ findings: [], bad: [], sha256 });
    for (const { entry, content } of members) expect(seen.good.get(entry.path)?.equals(content), entry.path).toBe(true);
    expect(seen.good.size).toBe(members.length);
  });

  test('zstd and GNU tar unpack the same tree', async () => {
    using temp = tempFolder();
    const members = sampleMembers();
    const { file, facts } = await writeArchive(path.join(temp.path, 'a'), members, compression);
    const limit = { maxBuffer: 64 << 20 };
    const tar = compression === 'zstd' ? execFileSync('zstd', ['-dcq', file], limit) : readFileSync(file);
    expect(tar.length).toBe(facts.tarSize);
    const out = path.join(temp.path, 'out');
    mkdirSync(out);
    execFileSync('tar', ['-xpf', '-', '-C', out], { input: tar });
    const expected = new Map(
      members.map(({ entry, content }) => [
        entry.path,
        {
          type: entry.type,
          mode: entry.mode,
          mtime: entry.type === 'file' ? 1_700_000_000_000 : undefined,
          content: entry.type === 'file' ? content : entry.target,
        },
      ]),
    );
    expect(compareTrees(expected, readTree(out))).toEqual([]);
  });

  test('a member that is rolled back leaves no trace, wherever it began and ended', async () => {
    const member = fc.record({ size: fc.constantFrom(...SIZES, 5 * PIECE_BYTES + 100), dropped: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 6 }), async (sizes) => {
        using temp = tempFolder();
        const members = sizes.map(({ size, dropped }, at) => fileMember(`f${at}`, noise(size, at + 1), dropped));
        const kept = members.filter(({ dropped }) => dropped !== true);
        const withDropped = await writeArchive(path.join(temp.path, 'a'), members, compression);
        const without = await writeArchive(path.join(temp.path, 'b'), kept, compression);
        expect(withDropped).toEqual({ ...without, file: withDropped.file });
        expect(readFileSync(withDropped.file).equals(readFileSync(without.file))).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  test('rolled back again and again in one place, across several pieces and in the middle of one', async () => {
    using temp = tempFolder();
    const first = fileMember('a', noise(PIECE_BYTES + 70_000));
    const last = fileMember('z', noise(3 * PIECE_BYTES, 9));
    const dropped = [6 * PIECE_BYTES, 10, PIECE_BYTES, 3 * PIECE_BYTES + 1].map((size, at) =>
      fileMember('m', noise(size, at + 2), true),
    );
    const withDropped = await writeArchive(path.join(temp.path, 'a'), [first, ...dropped, last], compression);
    const without = await writeArchive(path.join(temp.path, 'b'), [first, last], compression);
    expect(readFileSync(withDropped.file).equals(readFileSync(without.file))).toBe(true);
    expect(withDropped.facts).toEqual(without.facts);
  });
});

test('the file is ours alone, and one that exists is not written over', async () => {
  using temp = tempFolder();
  const { file } = await writeArchive(path.join(temp.path, 'a'), [fileMember('x', noise(10))]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await expect(writeArchive(file, [])).rejects.toThrow(/EEXIST/);
});

test('a member that got fewer or more bytes than its header says is a bug, and said', async () => {
  using temp = tempFolder();
  const writer = new ArchiveWriter(path.join(temp.path, 'a'), { compression: 'zstd', level: 1 });
  const { entry } = fileMember('x', noise(10));
  for (const size of [9, 11]) {
    writer.begin(entry);
    writer.write(noise(size));
    expect(() => writer.end()).toThrow(expect.objectContaining({ code: 'INTERNAL', path: 'x' }));
  }
  await writer.abort();
});

test('abort after finish leaves every descriptor alone, so that the failure in between is the one told', async () => {
  using temp = tempFolder();
  const writer = new FrameWriter(path.join(temp.path, 'a'), { compression: 'none', level: 1 });
  writer.write(Buffer.from('all'));
  await writer.finish();
  const other = openSync(path.join(temp.path, 'b'), 'w');
  await writer.abort();
  closeSync(other);
});

test('an error of the disk while a big archive is still being written is not lost: the sync at the end would not tell it again', async () => {
  using temp = tempFolder();
  const write = async (name: string): Promise<void> => {
    const writer = new FrameWriter(path.join(temp.path, name), { compression: 'none', level: 1 });
    try {
      for (let piece = 0; piece < 20; piece++) {
        writer.write(Buffer.alloc(1 << 20, piece));
        if (writer.needsDrain) await writer.drain();
      }
      await writer.finish();
    } finally {
      await writer.abort();
    }
  };
  const { calls } = await withFault(null, () => write('whole'));
  const at = calls.findIndex((call) => call.startsWith('fdatasync')) + 1;
  expect(at).toBeGreaterThan(0);
  const { error, fired } = await withFault({ at, code: 'EIO' }, () => write('failing'));
  expect(fired).toMatch(/^fdatasync/);
  expect(error).toMatchObject({ code: 'EIO' });
});
