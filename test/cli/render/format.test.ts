import { expect, test } from 'vitest';
import { formatAge, formatBytes, formatDuration } from '../../../src/cli/render/format.ts';
import { plural } from '../../../src/core/model/plural.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [10_342, '10.1 KiB'],
  [1024 * 1024 - 1, '1.0 MiB'],
  [5 * 1024 ** 4, '5.0 TiB'],
  [5000 * 1024 ** 4, '5000.0 TiB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0, '0.00 s'],
  [140, '0.14 s'],
  [2345, '2.3 s'],
  [59_400, '59 s'],
  [185_000, '3 min 5 s'],
])('%d ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

test.each([
  [0, 'just now'],
  [60_000, '1 minute ago'],
  [3 * 3_600_000, '3 hours ago'],
  [12 * 86_400_000, '12 days ago'],
  [-5000, 'just now'],
  [-3 * 3_600_000, '3 hours ahead of the clock'],
])('%d ms ago is %s', (ms, text) => expect(formatAge(new Date(1e12 - ms), new Date(1e12))).toBe(text));

test('plural', () => {
  expect(plural(1, 'file')).toBe('1 file');
  expect(plural(0, 'entry', 'entries')).toBe('0 entries');
});
