import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hashOfFile } from '../../src/core/format/file-hash.ts';
import { FramedFile } from '../../src/core/format/framed-file.ts';
import { fileMember, noise, writeArchive } from '../support/sample-archive.ts';
import { tempFolder } from '../support/temp-folder.ts';

test.each([
  ['a small file', 1],
  ['a big file, in a thread', 1 << 30],
])('%s: parts in order, rooms used again, make the hash of all', async (_, size) => {
  const hash = hashOfFile(size);
  try {
    const expected = createHash('sha256');
    const rooms = new Set<unknown>();
    for (let round = 0; round < 40; round++) {
      // Two at a time, as pieces are in flight.
      const parts = [1 + ((round * 7919) % 3000), 100].map((length) => {
        const bytes = randomBytes(length);
        expected.update(bytes);
        const part = hash.reserve(length);
        bytes.copy(part);
        rooms.add(part.buffer);
        return { part, hashed: hash.update(part) };
      });
      await Promise.all(parts.map(({ hashed }) => hashed));
      for (const { part } of parts) hash.release(part);
    }
    expect(await hash.digest()).toBe(expected.digest('hex'));
    if (size > 1) expect(rooms.size).toBeLessThan(20);
  } finally {
    await hash.close();
  }
});

test('what is asked of a thread that has ended is refused, and does not wait for ever', async () => {
  const hash = hashOfFile(1 << 30);
  const hashed = hash.update(hash.reserve(10));
  await hash.close();
  await expect(Promise.all([hashed, hash.digest()])).rejects.toThrow('ended');
});

test('hashing that fails while a piece is decompressed is told by the piece, and to nobody else', async () => {
  using temp = tempFolder();
  const { file } = await writeArchive(path.join(temp.path, 'c.tar'), [fileMember('a', noise(900_000))]);
  const framed = FramedFile.open(file, 'zstd');
  if ('problem' in framed) throw new Error(framed.problem);
  const unheard: unknown[] = [];
  const note = (reason: unknown): number => unheard.push(reason);
  process.on('unhandledRejection', note);
  const failing = hashOfFile(1);
  failing.update = () => Promise.reject(new Error('no hash'));
  try {
    await expect(framed.piece(0, failing)).rejects.toThrow('no hash');
  } finally {
    process.off('unhandledRejection', note);
    framed.close();
  }
  expect(unheard).toEqual([]);
});
