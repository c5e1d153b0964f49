import { expect, test } from 'vitest';
import { BatchBuilder, type EntryBatch } from '../../src/core/capture/entry-batch.ts';
import { PackThreads } from '../../src/core/capture/pack-threads.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** As many entries as make threads worth it. */
const MANY = 1500;
const EMPTY: EntryBatch = new BatchBuilder().take();
const BROKEN: EntryBatch = { ...EMPTY, bytes: new Uint8Array([255, 255, 255]) };

test('what is asked of threads that have ended is refused, and does not wait for ever', async () => {
  using temp = tempFolder();
  await using packThreads = new PackThreads(temp.path);
  for (let entry = 0; entry < MANY; entry++) packThreads.expect();
  expect(packThreads.ahead).toBeGreaterThan(0);
  const pack = async (batch: EntryBatch): Promise<string> => {
    const one = packThreads.pack({ batch, offset: 0 });
    return one.then(
      () => 'packed',
      () => 'refused',
    );
  };
  expect(await pack(EMPTY)).toBe('packed');
  // More than there are threads: each gets one that ends it.
  for (let broken = 0; broken < packThreads.ahead; broken++) expect(await pack(BROKEN)).toBe('refused');
  expect(await pack(EMPTY)).toBe('refused');
});
