import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeId, parseId } from '../../src/core/format/id.ts';

test('an id says its kind and its time', () => {
  expect(makeId('migration', new Date('2026-11-23T07:38:00.123Z'))).toBe('migration-2026-11-23T07-38-00-123Z');
  const date = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(fc.constantFrom('migration' as const, 'safety' as const), date, (kind, time) => {
      expect(parseId(makeId(kind, time))).toEqual({ kind, time });
    }),
  );
});

test.each(['', 'migration-', 'migration-2026-02-30T00-00-00-000Z', 'other-2026-11-23T07-38-00-123Z', '../x'])(
  '%j is none',
  (id) => {
    expect(parseId(id)).toBeNull();
  },
);
