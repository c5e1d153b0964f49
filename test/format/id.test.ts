import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeId, makePartId, parseId, wholeOf } from '../../src/core/format/id.ts';

test('an id says its kind and its time', () => {
  expect(makeId('migration', new Date('2026-11-23T07:38:00.123Z'))).toBe('migration-2026-11-23T07-38-00-123Z');
  const date = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(fc.constantFrom('migration' as const, 'safety' as const), date, (kind, time) => {
      expect(parseId(makeId(kind, time))).toEqual({ kind, time });
    }),
  );
});

test('a part has the id of its backup with its terms behind it', () => {
  const whole = 'migration-2026-11-23T07-38-00-123Z';
  const part = makePartId(whole, ['docs']);
  expect(part).toMatch(/^migration-2026-11-23T07-38-00-123Z-part-[0-9a-f]{8}$/);
  expect([wholeOf(part), wholeOf(whole)]).toEqual([whole, null]);
  expect(parseId(part)).toEqual(parseId(whole));
  expect(makePartId(whole, ['do', 'cs'])).not.toBe(part);
});

test.each([
  '',
  'safety-2026-11-23T07-38-00-123Z-part-01234567',
  'migration-2026-11-23T07-38-00-123Z-part-0123456',
  'migration-2026-11-23T07-38-00-123Z-part-01234567-part-01234567',
  'migration-',
  'migration-2026-02-30T00-00-00-000Z',
  'other-2026-11-23T07-38-00-123Z',
  '../x',
])('%j is none', (id) => {
  expect(parseId(id)).toBeNull();
});
