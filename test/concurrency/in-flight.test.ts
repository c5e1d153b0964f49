import { expect, test } from 'vitest';
import { InFlight } from '../../src/core/concurrency/in-flight.ts';

test('a piece that somebody was asked to await, and nobody did, is still waited for at the end', async () => {
  const work = new InFlight(1);
  const first = Promise.withResolvers<void>();
  let ended = false;
  void work.add(first.promise);
  void work.add(Promise.resolve());
  const settled = work.settled().then(() => (ended = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  first.resolve();
  await settled;
});

test('an error is told to whoever has to wait, and again at the end', async () => {
  const work = new InFlight(1);
  expect(work.add(Promise.reject(new Error('full')))).toBeUndefined();
  await expect(work.add(Promise.resolve())).rejects.toThrow('full');
  await expect(work.done()).rejects.toThrow('full');
  await work.settled();
  await work.done();
});
