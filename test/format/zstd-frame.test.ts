import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { compressFrame, frameProblem } from '../../src/core/format/zstd-frame.ts';

/** Compresses to about a third. */
const TEXT = Buffer.from(Array.from({ length: 1 << 20 }, (_, at) => 97 + ((Math.imul(at, 2_654_435_761) >>> 27) % 7)));

test.each([64, 1000, 64 << 10, 2 << 20])('a frame is the same with room for %i bytes at a time', async (likely) => {
  const frame = await compressFrame(TEXT, 1, likely);
  expect(frameProblem(frame)).toBeNull();
  expect(zlib.zstdDecompressSync(frame).equals(TEXT)).toBe(true);
  expect(frame.equals(await compressFrame(TEXT, 1, 4 << 20))).toBe(true);
});

test('frames that are made at the same time do not get into each other', async () => {
  const contents = Array.from({ length: 8 }, (_, at) => Buffer.from(TEXT.map((byte) => byte ^ at)));
  const frames = await Promise.all(contents.map((content) => compressFrame(content, 1, 64 << 10)));
  frames.forEach((frame, at) => expect(zlib.zstdDecompressSync(frame).equals(contents[at] ?? TEXT)).toBe(true));
});

test('nothing is a frame too', async () => {
  expect(zlib.zstdDecompressSync(await compressFrame(Buffer.alloc(0), 1, 64)).length).toBe(0);
});
