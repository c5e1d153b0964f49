import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertRealParents,
  foldKey,
  isInside,
  leadsOut,
  parentOf,
  pathProblem,
  realPathAsFar,
  toNative,
} from '../../src/core/paths/paths.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('a path is refused', () => {
  test.each([
    ['', 'empty path'],
    ['/etc/passwd', 'absolute path'],
    ['..', '".." as a part'],
    ['a/../b', '".." as a part'],
    ['a/.', '"." as a part'],
    ['a//b', 'empty part'],
    ['a/', 'empty part'],
    ['a\\b', 'backslash in the name'],
    ['a\0b', 'control character in the name'],
    ['a\nb', 'control character in the name'],
    ['a\u009bb', 'control character in the name'],
    ['a\ud800', 'not valid Unicode'],
    ['.migbackup', 'inside .migbackup'],
    ['.migbackup/x', 'inside .migbackup'],
    ['.MigBackup/x', 'inside .migbackup'],
    ['.migbackup. /x', 'inside .migbackup'],
    ['.ｍigbackup/x', 'inside .migbackup'],
    ['x'.repeat(256), 'part longer than 255 bytes'],
    ['é'.repeat(128), 'part longer than 255 bytes'],
    ['a/'.repeat(64) + 'b', 'nested deeper than 64 folders'],
    [Array.from({ length: 20 }, () => 'y'.repeat(250)).join('/'), 'path longer than 4096 bytes'],
  ])('%j', (relative, problem) => {
    expect(pathProblem(relative)).toBe(problem);
  });

  test.each([
    ['a'],
    ['.state/.chainId'],
    ['...'],
    ['a..b/..c'],
    ['a/.migbackup'],
    ['.migbackups'],
    ['ünï/😀 x.json'],
    ['x'.repeat(255)],
    ['a/'.repeat(63) + 'b'],
  ])('but not %j', (relative) => {
    expect(pathProblem(relative)).toBeNull();
  });
});

test('inside is by whole parts', () => {
  expect(isInside('a/b', 'a')).toBe(true);
  expect(isInside('a', 'a')).toBe(true);
  expect(isInside('ab', 'a')).toBe(false);
  expect(isInside('a', 'a/b')).toBe(false);
  expect(isInside('anything', '.')).toBe(true);
});

test('parents and native paths', () => {
  expect([parentOf('a/b/c'), parentOf('a')]).toEqual(['a/b', '.']);
  expect([toNative('/r', 'a/b'), toNative('/r', '.')]).toEqual([path.join('/r', 'a', 'b'), '/r']);
});

test.each([
  ['README.md', 'readme.MD'],
  ['caf\u00e9', 'cafe\u0301'],
  ['a./b ', 'a/b'],
  ['straße', 'STRASSE'],
  ['ﬁle', 'file'],
])('%j and %j may be one name on some file system', (one, other) => {
  expect(foldKey(one)).toBe(foldKey(other));
});

test('a plain name is folded by its short way to what the long way gives', () => {
  const units = ['a', 'B', '0', '_', '-', '+', '.', ' ', '/', '~', '\\'];
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...units), maxLength: 12 }), (text) => {
      // A part outside ASCII sends the whole path the long way.
      expect(foldKey(text)).toBe(foldKey(`é/${text}`).slice('é/'.normalize('NFKC').length));
    }),
    { numRuns: 2000 },
  );
});

test('names that differ on every file system stay apart', () => {
  const keys = ['a', 'b', 'a/b', 'ab', 'a.b', '.a', 'a-b'].map(foldKey);
  expect(new Set(keys).size).toBe(keys.length);
});

test.each([
  ['a/link', '../b', false],
  ['a/link', '../../b', true],
  ['link', '..', true],
  ['a/link', '..', false],
  ['link', '/etc', true],
  ['link', 'C:\\Windows', true],
  ['a/link', '..\\..\\b', true],
  ['link', '..b', false],
  ['a/b/link', '../x/../../y', false],
])('a link %j to %j leads out: %j', (relative, target, expected) => {
  expect(leadsOut(relative, target)).toBe(expected);
});

test('parents must be real folders or missing', () => {
  using temp = tempFolder();
  mkdirSync(path.join(temp.path, 'real/deep'), { recursive: true });
  mkdirSync(path.join(temp.path, 'elsewhere'));
  symlinkSync('../elsewhere', path.join(temp.path, 'real/link'));
  writeFileSync(path.join(temp.path, 'real/file'), '');
  for (const good of ['x', 'real/x', 'real/deep/x', 'missing/a/b', 'real/link', 'real/file']) {
    expect(() => assertRealParents(temp.path, good), good).not.toThrow();
  }
  for (const bad of ['real/link/x', 'real/link/a/b', 'real/file/x']) {
    expect(() => assertRealParents(temp.path, bad), bad).toThrow(expect.objectContaining({ code: 'UNSAFE_TARGET' }));
  }
});

test('links are resolved as far as the path exists', () => {
  using temp = tempFolder();
  mkdirSync(path.join(temp.path, 'real'));
  symlinkSync('real', path.join(temp.path, 'link'));
  expect(realPathAsFar(path.join(temp.path, 'link/none/x'))).toBe(path.join(temp.path, 'real/none/x'));
});
