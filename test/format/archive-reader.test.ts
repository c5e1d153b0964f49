import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readArchive } from '../../src/core/format/archive-reader.ts';
import { FramedFile } from '../../src/core/format/framed-file.ts';
import { parseSeekTable, PIECE_BYTES, seekTableSize, type Frame } from '../../src/core/format/seek-table.ts';
import type { Entry } from '../../src/core/model/entry.ts';
import type { Finding } from '../../src/core/model/finding.ts';
import {
  ARCHIVE_MEMBERS,
  extentOf,
  fileMember,
  inspectArchive,
  noise,
  rewriteArchive,
  writeArchive,
  type WrittenArchive,
} from '../support/sample-archive.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const contents = new Map(ARCHIVE_MEMBERS.map(({ entry, content }) => [entry.path, content]));

function framesOf(bytes: Buffer): Frame[] {
  const found = seekTableSize(bytes.subarray(-9), bytes.length);
  const parsed = 'size' in found ? parseSeekTable(bytes.subarray(-found.size), bytes.length) : found;
  if (!('frames' in parsed)) throw new Error(parsed.problem);
  return parsed.frames;
}

/** Those with a byte in the piece. */
function inPiece(entries: readonly Entry[], number: number): string[] {
  return entries
    .filter((entry) => {
      const { from, to } = extentOf(entry);
      return from < (number + 1) * PIECE_BYTES && to > number * PIECE_BYTES;
    })
    .map(({ path: name }) => name);
}

function write(temp: TempFolder, compression: 'zstd' | 'none' = 'zstd'): Promise<WrittenArchive> {
  return writeArchive(path.join(temp.path, 'c.tar'), ARCHIVE_MEMBERS, compression);
}

/** Whatever the reader calls good must be what was archived; and it judges every member, once. */
function expectOnlyTruth(archive: WrittenArchive, seen: Awaited<ReturnType<typeof inspectArchive>>): void {
  for (const [name, content] of seen.good) expect(contents.get(name)?.equals(content), name).toBe(true);
  expect([...seen.good.keys(), ...seen.bad].toSorted()).toEqual(archive.entries.map((e) => e.path).toSorted());
}

test('a flipped bit costs the files of its frame, all of them by name, and no others', async () => {
  using temp = tempFolder();
  const archive = await write(temp);
  const whole = readFileSync(archive.file);
  const frames = framesOf(whole);
  expect(frames.length).toBeGreaterThan(4);
  for (const [number, frame] of frames.entries()) {
    for (const at of [0, 4, 20, Math.floor(frame.compressedSize / 2), frame.compressedSize - 1]) {
      const damaged = Buffer.from(whole);
      const place = frame.position + at;
      damaged[place] = (damaged[place] ?? 0) ^ 4;
      writeFileSync(archive.file, damaged);
      const seen = await inspectArchive(archive);
      const lost = inPiece(archive.entries, number);
      expect(seen.findings, `frame ${number + 1}, byte ${at}`).toMatchObject([
        { code: 'frame-damaged', severity: 'error', path: 'c.tar', category: 'c', evidence: { frame: number + 1 } },
      ]);
      expect(seen.findings[0]?.affects).toEqual(lost);
      expect(seen.bad).toEqual(lost);
      expectOnlyTruth(archive, seen);
      expect(seen.sha256).not.toBe(archive.facts.sha256);
    }
  }
});

test('a flipped bit of a frame’s stated size harms no file, and shows in the SHA-256 of the archive', async () => {
  using temp = tempFolder();
  const archive = await write(temp);
  // Frame header, RFC 8878 3.1.1.1: magic (4), descriptor, window, then the content size, which streaming decoders ignore.
  rewriteArchive(archive, (bytes) => {
    bytes[8] = (bytes[8] ?? 0) ^ 1;
    return bytes;
  });
  const seen = await inspectArchive(archive);
  expectOnlyTruth(archive, seen);
  expect(seen.bad).toEqual([]);
  expect(seen.sha256).not.toBe(archive.facts.sha256);
});

test('a file over three damaged frames is named by each', async () => {
  using temp = tempFolder();
  const archive = await write(temp);
  const frames = framesOf(readFileSync(archive.file));
  const big = archive.entries.find(({ path: name }) => name === 'd/big');
  const first = Math.floor((big?.offset ?? 0) / PIECE_BYTES);
  expect(inPiece(archive.entries, first + 2)).toContain('d/big');
  rewriteArchive(archive, (bytes) => {
    for (const number of [first, first + 1, first + 2]) {
      const place = (frames[number]?.position ?? 0) + 100;
      bytes[place] = (bytes[place] ?? 0) ^ 1;
    }
    return bytes;
  });
  const { findings, bad } = await inspectArchive(archive);
  const lost = [first, first + 1, first + 2].map((number) => inPiece(archive.entries, number));
  expect(findings.map(({ affects }) => affects)).toEqual(lost);
  expect(bad).toEqual([...new Set(lost.flat())]);
});

test.each([['at its very end'], ['in the seek table'], ['in the middle'], ['to nothing']])(
  'an archive that is cut %s is unreadable, and every file is named',
  async (where) => {
    using temp = tempFolder();
    const archive = await write(temp);
    const size = readFileSync(archive.file).length;
    const lengths = new Map([
      ['at its very end', size - 1],
      ['in the seek table', size - 20],
      ['in the middle', size >> 1],
    ]);
    rewriteArchive(archive, (bytes) => bytes.subarray(0, lengths.get(where) ?? 0));
    const seen = await inspectArchive(archive);
    expect(seen.findings.map(({ code }) => code)).toEqual(['archive-unreadable']);
    expect(seen.findings[0]?.affects).toEqual(archive.entries.map(({ path: name }) => name));
    expect(seen).toMatchObject({ sha256: null, bad: [] });
    expect(seen.good.size).toBe(0);
  },
);

test('a plain archive that is cut: the files behind the cut are named', async () => {
  using temp = tempFolder();
  const archive = await write(temp, 'none');
  const cut = 3 * PIECE_BYTES + 1234;
  rewriteArchive(archive, (bytes) => bytes.subarray(0, cut));
  const seen = await inspectArchive(archive);
  const lost = archive.entries.filter((entry) => extentOf(entry).to > cut).map(({ path: name }) => name);
  expect(seen.findings.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['archive-truncated', 'archive-differs']),
  );
  expect(seen.findings.find(({ code }) => code === 'archive-truncated')?.affects).toEqual(lost);
  expect(seen.bad).toEqual(lost);
  expectOnlyTruth(archive, seen);
});

test('a plain archive with a changed byte: that file is named', async () => {
  using temp = tempFolder();
  const archive = await write(temp, 'none');
  const entry = archive.entries.find(({ path: name }) => name === 'd/a07');
  const begin = entry?.offset ?? 0;
  const whole = readFileSync(archive.file);
  // In the name, in the checksum, in the content, in the padding behind it.
  const places: [number, string][] = [
    [begin + 2, 'header-altered'],
    [begin + 150, 'header-altered'],
    [begin + 512 + 5000, 'file-altered'],
    [begin + 512 + 100_000 + 3, 'archive-gap'],
  ];
  for (const [place, code] of places) {
    const damaged = Buffer.from(whole);
    damaged[place] = (damaged[place] ?? 0) ^ 1;
    writeFileSync(archive.file, damaged);
    const seen = await inspectArchive(archive);
    expect(seen.findings).toMatchObject([{ code, affects: ['d/a07'] }]);
    expect(seen.bad).toEqual(['d/a07']);
    expectOnlyTruth(archive, seen);
  }
});

test('two frames in each other’s place', async () => {
  using temp = tempFolder();
  const archive = await write(temp);
  const whole = readFileSync(archive.file);
  const frames = framesOf(whole);
  const [first, second] = [frames[0], frames[1]];
  if (first === undefined || second === undefined) throw new Error('too few frames');
  const { position, compressedSize } = second;
  rewriteArchive(archive, (bytes) => {
    const tail = bytes.subarray(position + compressedSize);
    return Buffer.concat([bytes.subarray(position, position + compressedSize), bytes.subarray(0, position), tail]);
  });
  const seen = await inspectArchive(archive);
  const touched = new Set([...inPiece(archive.entries, 0), ...inPiece(archive.entries, 1)]);
  const affected = new Set(seen.findings.flatMap(({ affects }) => affects ?? []));
  expect([...affected].toSorted()).toEqual([...touched].toSorted());
  expectOnlyTruth(archive, seen);
});

test('two members in each other’s place', async () => {
  using temp = tempFolder();
  const archive = await write(temp, 'none');
  const at = (name: string) => archive.entries.find((entry) => entry.path === name)?.offset ?? 0;
  const length = at('d/a01') - at('d/a00');
  rewriteArchive(archive, (bytes) => {
    const [from, to] = [at('d/a00'), at('d/a01')];
    const [one, other] = [Buffer.from(bytes.subarray(from, to)), Buffer.from(bytes.subarray(to, to + length))];
    bytes.set(other, from);
    bytes.set(one, to);
    return bytes;
  });
  const seen = await inspectArchive(archive);
  expect(new Set(seen.findings.flatMap(({ affects }) => affects ?? []))).toEqual(new Set(['d/a00', 'd/a01']));
  expect(seen.bad).toEqual(['d/a00', 'd/a01']);
});

test('a selection is read alone: damage elsewhere is not its concern, damage in it is', async () => {
  using temp = tempFolder();
  const archive = await write(temp);
  const frames = framesOf(readFileSync(archive.file));
  rewriteArchive(archive, (bytes) => {
    const place = (frames[0]?.position ?? 0) + 50;
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    return bytes;
  });
  const behind = await inspectArchive(archive, ({ path: name }) => name.startsWith('d/z'));
  expect(behind).toMatchObject({ findings: [], bad: [], sha256: null });
  expect(behind.good.size).toBe(12);
  for (const [name, content] of behind.good) expect(contents.get(name)?.equals(content), name).toBe(true);
  const within = await inspectArchive(archive, ({ path: name }) => name === 'd/a00');
  expect(within.findings).toMatchObject([{ code: 'frame-damaged', affects: ['d/a00'] }]);
});

test('frames without a checksum are not trusted', async () => {
  using temp = tempFolder();
  const archive = await write(temp);
  // Bit 2 of the frame header's descriptor says that a checksum follows the content.
  rewriteArchive(archive, (bytes) => {
    bytes[4] = (bytes[4] ?? 0) & ~4;
    return bytes;
  });
  const framed = FramedFile.open(archive.file, 'zstd');
  if ('problem' in framed) throw new Error(framed.problem);
  try {
    expect((await framed.piece(0)).bytes).toBeNull();
    expect(framed.pieceSync(0).bytes).toBeNull();
    expect((await framed.piece(1)).bytes?.equals(framed.pieceSync(1).bytes ?? Buffer.alloc(0))).toBe(true);
  } finally {
    framed.close();
  }
});

test('a plain archive that gets shorter while it is read is damaged there, and reading ends', async () => {
  using temp = tempFolder();
  const members = [fileMember('d/0', noise(1000)), fileMember('d/big', Buffer.alloc(12 * PIECE_BYTES, 7))];
  const archive = await writeArchive(path.join(temp.path, 'c.tar'), members, 'none');
  const findings: Finding[] = [];
  async function* entries(): AsyncGenerator<Entry[]> {
    yield archive.entries.slice(0, 1);
    truncateSync(archive.file, 6 * PIECE_BYTES + 1000);
    yield archive.entries.slice(1);
  }
  const { file, facts } = archive;
  await readArchive({ file, facts, category: 'c', entries: entries(), onFinding: (finding) => findings.push(finding) });
  const cut = (number: number, has: number) => ({
    code: 'frame-damaged',
    message: expect.stringContaining(`frame ${number} of 13 has ${has} bytes instead of`),
    affects: ['d/big'],
  });
  expect(findings.slice(0, 6)).toMatchObject([7, 8, 9, 10, 11, 12].map((at) => cut(at, at === 7 ? 1000 : 0)));
});

test('a header that lies over the end of a piece is lost with the second, and nothing else is said', async () => {
  using temp = tempFolder();
  // 1 MiB less the four blocks of its header, a pax header and its own: the next member's begins 1024 bytes before the end.
  const members = [
    fileMember('d/0', noise(PIECE_BYTES - 4 * 512, 1)),
    fileMember('d/1ü', Buffer.from('hello')),
    fileMember('d/2', noise(2 * PIECE_BYTES, 2)),
  ];
  const archive = await writeArchive(path.join(temp.path, 'c.tar'), members, 'zstd');
  expect(archive.entries[1]?.offset).toBe(PIECE_BYTES - 1024 - 512);
  const whole = readFileSync(archive.file);
  const second = framesOf(whole)[1];
  if (second === undefined) throw new Error('there is one frame');
  whole[second.position + 20] = (whole[second.position + 20] ?? 0) ^ 4;
  writeFileSync(archive.file, whole);
  const { findings } = await inspectArchive(archive);
  expect(findings).toMatchObject([{ code: 'frame-damaged', affects: ['d/1ü', 'd/2'] }]);
});
