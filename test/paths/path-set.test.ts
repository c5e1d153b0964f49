import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PathSet } from '../../src/core/paths/path-set.ts';
import { isInside } from '../../src/core/paths/paths.ts';

const path = fc
  .array(fc.constantFrom('a', 'ab', 'b', '..a'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));

test('a set of paths covers what one of them is or holds', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(path, fc.constant('.')), { maxLength: 4 }), path, (paths, asked) => {
      const expected = paths.some((one) => isInside(asked, one));
      expect(new PathSet(paths).covers(asked)).toBe(expected);
      const grown = new PathSet();
      for (const one of paths) grown.add(one);
      expect(grown.covers(asked)).toBe(expected);
    }),
  );
});
