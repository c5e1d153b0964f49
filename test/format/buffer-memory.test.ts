import { expect, test } from 'vitest';
import { collectNewGarbage } from '../../src/core/format/buffer-memory.ts';

const held = (): number => process.memoryUsage().arrayBuffers;

test('buffers that nobody has any more are given back', () => {
  collectNewGarbage();
  const before = held();
  for (let count = 0; count < 200; count++) Buffer.allocUnsafeSlow(1 << 17).fill(count);
  expect(held() - before).toBeGreaterThan(15 << 20);
  collectNewGarbage();
  // V8 frees their memory on another thread. Nothing that makes garbage may run meanwhile.
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let waits = 0; waits < 200 && held() - before > 5 << 20; waits++) Atomics.wait(clock, 0, 0, 10);
  expect(held() - before).toBeLessThan(5 << 20);
});
