import { expect, test } from 'vitest';
import type { Json } from '../../src/core/records/json.ts';
import { isTelling, normalForm } from '../../src/core/records/normal-form.ts';

const SAME: readonly (readonly [Json, Json])[] = [
  ['0xAbCdEf0123', '0xabcdef0123'],
  [42, '42'],
  [-0, 0],
  ['-0', 0],
  [0.1, '0.1'],
  [1e-7, '0.0000001'],
  [-1.5e-9, '-0.0000000015'],
  [1e21, '1000000000000000000000'],
  [2 ** 60, '1152921504606846976'],
  ['2025-08-13T10:00:00.000Z', 1_755_079_200_000],
  ['2025-08-13T10:00:00Z', '1755079200000'],
  ['2025-08-13T12:30:00.120+02:30', 1_755_079_200_120],
  ['2025-08-13T10:00:00.120000Z', 1_755_079_200_120],
  ['2025-08-13T10:00:00.1Z', 1_755_079_200_100],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  [[], []],
  [{}, {}],
];

test.each(SAME)('%j means the same as %j', (one, other) => {
  expect(normalForm(one)).toBe(normalForm(other));
});

const DIFFERENT: readonly (readonly [Json, Json])[] = [
  ['007', 7],
  ['1.10', 1.1],
  ['1.0', 1],
  ['+1', 1],
  [' 1', 1],
  ['12345678901234567890', '12345678901234567891'],
  ['9007199254740993', 2 ** 53],
  ['0.1000000000000000055', 0.1],
  ['2025-02-30T00:00:00Z', Date.UTC(2025, 1, 30)],
  ['2025-02-29T00:00:00Z', '2025-03-01T00:00:00Z'],
  ['2025-08-13T24:00:00Z', '2025-08-14T00:00:00Z'],
  ['2025-08-13T10:00:60Z', '2025-08-13T10:01:00Z'],
  ['2025-08-13T10:00:00.1204Z', 1_755_079_200_120],
  ['2025-08-13T10:00:00', 1_755_079_200_000],
  ['2025-08-13', Date.UTC(2025, 7, 13)],
  ['ABC', 'abc'],
  ['0xZZ', '0xzz'],
  [true, 'true'],
  [null, 'null'],
  [null, ''],
  [[], {}],
  [[], '\u0000[]'],
  [true, '\u0000true'],
  ['\u0000true', '\u0000s\u0000true'],
];

test.each(DIFFERENT)('%j is something else than %j', (one, other) => {
  expect(normalForm(one)).not.toBe(normalForm(other));
});

test('what stands everywhere tells nothing of a record', () => {
  const telling = (values: readonly Json[]): boolean[] => values.map((value) => isTelling(normalForm(value)));
  expect(telling([null, true, '', [], {}, 0, 56, -7, '12', 1.5])).toEqual(Array.from({ length: 10 }, () => false));
  expect(telling([100, 'a', '0xab', 23_295, '007'])).toEqual(Array.from({ length: 5 }, () => true));
});
