import path from 'node:path';
import { expect, test } from 'vitest';
import { FrameWriter } from '../../src/core/format/frame-writer.ts';
import { FramedFile } from '../../src/core/format/framed-file.ts';
import { freeMemory } from '../../src/core/format/buffer-memory.ts';
import { PieceCursor } from '../../src/core/format/piece-cursor.ts';
import { PIECE_BYTES } from '../../src/core/format/seek-table.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CONTENT = Buffer.from(Array.from({ length: 3 * PIECE_BYTES }, (_, at) => (at * 31 + (at >> 9)) % 251));

async function cursorOf(folder: string) {
  const file = path.join(folder, 'framed');
  const writer = new FrameWriter(file, { compression: 'zstd', level: 1 });
  writer.write(CONTENT);
  await writer.finish();
  const framed = FramedFile.open(file, 'zstd');
  if ('problem' in framed) throw new Error(framed.problem);
  const cursor = new PieceCursor(framed, { everything: true });
  /** A whole piece. */
  const piece = async (number: number): Promise<Buffer> => {
    const bytes = await cursor.chunk(number * PIECE_BYTES, PIECE_BYTES);
    if (!Buffer.isBuffer(bytes)) throw new Error('is damaged');
    expect(bytes.equals(contentOf(number))).toBe(true);
    return bytes;
  };
  return { cursor, piece, [Symbol.dispose]: () => framed.close() };
}

function contentOf(number: number): Buffer {
  return CONTENT.subarray(number * PIECE_BYTES, (number + 1) * PIECE_BYTES);
}

test('the memory of a piece goes with the next one', async () => {
  using temp = tempFolder();
  using at = await cursorOf(temp.path);
  const first = await at.piece(0);
  const second = await at.piece(1);
  expect([first.length, second.length]).toEqual([0, PIECE_BYTES]);
  await at.cursor.drain();
});

test('unless somebody holds it, and then when the last of them lets go', async () => {
  using temp = tempFolder();
  using at = await cursorOf(temp.path);
  const first = await at.piece(0);
  const releases = [at.cursor.memory.retain(), at.cursor.memory.retain()];
  expect(at.cursor.transfer(first)).toBe(false);
  const second = await at.piece(1);
  releases[0]?.();
  expect(first.equals(contentOf(0))).toBe(true);
  releases[1]?.();
  expect(first.length).toBe(0);
  // Released before the cursor goes on: there is still something to read.
  at.cursor.memory.retain()();
  expect(second.equals(contentOf(1))).toBe(true);
});

test("what the cursor has let go is the caller's, and part of a piece never is", async () => {
  using temp = tempFolder();
  using at = await cursorOf(temp.path);
  const first = await at.piece(0);
  expect(at.cursor.transfer(first.subarray(1))).toBe(false);
  expect(at.cursor.transfer(first)).toBe(true);
  await at.piece(1);
  expect(first.equals(contentOf(0))).toBe(true);
});

test('what lies over the end of a piece is whole', async () => {
  using temp = tempFolder();
  using at = await cursorOf(temp.path);
  const from = PIECE_BYTES - 700;
  const bytes = await at.cursor.exactly(from, 1500);
  expect(bytes).toEqual(CONTENT.subarray(from, from + 1500));
});

test('memory that small buffers share is not freed', () => {
  const small = Buffer.from('small');
  const beside = Buffer.from('beside');
  freeMemory(small);
  expect([small.toString(), beside.toString()]).toEqual(['small', 'beside']);
  const large = Buffer.allocUnsafe(1 << 20);
  freeMemory(large);
  expect(large.length).toBe(0);
});
