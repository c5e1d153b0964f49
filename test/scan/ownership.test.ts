import { describe, expect, test } from 'vitest';
import { Ownership } from '../../src/core/scan/ownership.ts';
import { makeCategories } from '../support/source.ts';

/** `category/source` of the owner, or null. */
function owner(ownership: Ownership, path: string): string | null {
  const source = ownership.ownerOf(path);
  return source === undefined ? null : `${source.category}/${source.name}`;
}

describe('who wins', () => {
  const ownership = new Ownership(
    makeCategories({
      a: [{ path: '.', include: ['*.md', 'deep/named.txt'] }, { path: 'deep' }],
      b: [{ path: '.', include: ['README.md', '*.md', '*.txt'] }, { path: 'deep/deeper' }, { path: 'one.json' }],
    }),
  );

  test.each([
    ['a named file beats a pattern', 'README.md', 'b/s0'],
    ['a named file beats an inner path', 'deep/named.txt', 'a/s0'],
    ['the innermost path beats an outer one', 'deep/deeper/x', 'b/s1'],
    ['the outer path has the rest', 'deep/x', 'a/s1'],
    ['then the earlier category', 'other.md', 'a/s0'],
    ['a source that is one file', 'one.json', 'b/s2'],
    ['nobody', 'one.jsonl', null],
    ['a folder whose name begins alike is another one', 'deeper/x', null],
    ['a pattern without ** stays in its folder', 'sub/x.md', null],
  ])('%s', (_, path, expected) => {
    expect(owner(ownership, path)).toBe(expected);
  });
});

describe('patterns', () => {
  function matches(source: { include?: string[]; exclude?: string[] }, path: string): boolean {
    return new Ownership(makeCategories({ c: [{ path: 'd', ...source }] })).ownerOf(`d/${path}`) !== undefined;
  }

  test.each([
    [{}, '.hidden/.file', true],
    [{ include: ['**'] }, '.hidden/.file', true],
    [{ include: ['*'] }, '.file', true],
    [{ include: ['**/*.json'] }, 'a/b/.c.json', true],
    [{ include: ['**/*.json'] }, 'x.json', true],
    [{ include: ['*.json'] }, 'a/x.json', false],
    [{ include: ['sub'] }, 'sub/x', true],
    [{ include: ['sub/'] }, 'sub/x', true],
    [{ include: ['a [1].txt'] }, 'a 1.txt', true],
    [{ include: ['{a/b,c}/*.json'] }, 'a/b/x.json', true],
    [{ exclude: ['tmp'] }, 'tmp/x/y', false],
    [{ exclude: ['tmp/'] }, 'tmp/x', false],
    [{ exclude: ['**/*.log'] }, '.a/b.log', false],
    [{ exclude: ['*.log'] }, 'a/b.log', true],
    [{ include: ['*.json'], exclude: ['a*'] }, 'ab.json', false],
    [{ include: ['ab.json'], exclude: ['a*'] }, 'ab.json', false],
  ])('%j on %s', (source, path, expected) => {
    expect(matches(source, path)).toBe(expected);
  });
});

test('files that come folder by folder, or not, are each judged by their own folder', () => {
  const sources = Array.from({ length: 20 }, (_, at) => ({ path: `folder${at}`, exclude: ['**/*.tmp'] }));
  const ownership = new Ownership(makeCategories({ a: [{ path: '.', include: ['**/*.md', 'x*.json'] }, ...sources] }));
  let owned = 0;
  for (let at = 0; at < 10_000; at++) if (ownership.ownerOf(`folder${at % 25}/sub/file${at}.json`)) owned++;
  expect(owned).toBe(8_000);
});
