import { expect, test } from 'vitest';
import type { Json } from '../../src/core/records/json.ts';
import { isTelling, normalForm, plainDecimal } from '../../src/core/records/normal-form.ts';

const SAME: readonly (readonly [Json, Json])[] = [
  ['0xAbCdEf0123', '0xabcdef0123'],
  [42, '42'],
  [-0, 0],
  ['-0', 0],
  [0.1, '0.1'],
  [1e-7, '0.0000001'],
  [-1.5e-9, '-0.0000000015'],
  [1e21, '1000000000000000000000'],
  [2 ** 60, '1152921504606847000'],
  [1e23, '100000000000000000000000'],
  [-1.5e22, '-15000000000000000000000'],
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

test.each([
  ['1.50E3', '1500'],
  ['1.50e1', '15'],
  ['-12.5e-3', '-0.0125'],
  ['123456789012345678e2', '12345678901234567800'],
  ['0.10000000000000000555', '0.10000000000000000555'],
  ['-0.0e5', '0'],
  ['1e400', `1${'0'.repeat(400)}`],
  ['1e999999999', '1e999999999'],
  ['0x10', '0x10'],
])('the number %s is %s', (text, plain) => {
  expect(plainDecimal(text)).toBe(plain);
});
