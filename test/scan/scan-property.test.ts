import fc from 'fast-check';
import { readdirSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { comparePaths } from '../../src/core/model/entry.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import { scanCategory } from '../../src/core/scan/scanner.ts';
import { put } from '../support/files.ts';
import { makeCategories, makeProject } from '../support/source.ts';
import { tempFolder } from '../support/temp-folder.ts';

const name = fc.constantFrom('a', 'b', 'c.json', '.d', 'a.b');
const file = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const glob = fc.oneof(
  file,
  fc
    .array(fc.oneof(name, fc.constantFrom('*', '**', '*.json', '{a,b}', '?', '[ab]')), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('/')),
  fc.constantFrom('{a/b,b}/*', '{a,b/a}/**', '**/c.json', '@(a|b/a)/*', '**.json'),
);
const source = fc.record({
  path: fc.oneof(
    fc.constant('.'),
    fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
  ),
  include: fc.array(glob, { maxLength: 3 }),
  exclude: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(glob, { maxLength: 2 }) },
  ),
});

function filesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length + 1));
}

/** The scans of all categories together give each file to the source that owns it, once, and in order, whatever the patterns. */
test('what is scanned is what is owned', () => {
  using folder = tempFolder();
  const sources = fc.array(source, { minLength: 1, maxLength: 3 });
  let run = 0;
  fc.assert(
    fc.property(fc.array(file, { minLength: 1, maxLength: 10 }), sources, sources, (files, first, second) => {
      const root = `${folder.path}/${run++}`;
      for (const one of files) {
        try {
          put(root, one, 'x');
        } catch {
          // a file stands where this one needs a folder, or the other way round
        }
      }
      const categories = makeCategories({ first, second });
      const ownership = new Ownership(categories);
      const seen: string[] = [];
      for (const category of categories) {
        const items = [
          ...scanCategory(makeProject(root, categories), category, {
            ownership,
            onProblem: ({ message }) => expect(message).toContain('parent'),
          }),
        ];
        const paths = items.map((item) => item.path);
        expect(paths).toEqual([...new Set(paths)].toSorted(comparePaths));
        for (const item of items) {
          if (item.kind !== 'entry' || item.entry.type !== 'file') continue;
          seen.push(`${item.path} ${item.entry.category}/${item.entry.source}`);
        }
      }
      const owned = filesIn(root).flatMap((path) => {
        const owner = ownership.ownerOf(path);
        return owner === undefined ? [] : [`${path} ${owner.category}/${owner.name}`];
      });
      rmSync(root, { recursive: true });
      expect(seen.toSorted()).toEqual(owned.toSorted());
    }),
    { numRuns: 400 },
  );
});
