import { expect, test } from 'vitest';
import { collectNewGarbage } from '../../src/core/format/buffer-memory.ts';

test('buffers that nobody has any more are given back at once', () => {
  collectNewGarbage();
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 200; count++) Buffer.allocUnsafeSlow(1 << 17).fill(count);
  const without = process.memoryUsage().arrayBuffers;
  collectNewGarbage();
  expect(without - before).toBeGreaterThan(20 << 20);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5 << 20);
});
