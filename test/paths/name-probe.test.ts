import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NameProbe } from '../../src/core/paths/name-probe.ts';
import { nameProblems } from '../../src/core/paths/portable-names.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
beforeEach(() => {
  temp = tempFolder();
});
afterEach(() => temp[Symbol.dispose]());

const problems = (...names: string[]): string[] => [...nameProblems(names)].map(({ name }) => name);

test.each([
  ['a:b'],
  ['what?'],
  ['a\u200bb'],
  ['gnp\u202egpj.exe'],
  ['CON'],
  ['nul.txt'],
  ['Com1.json'],
  ['a.'],
  ['a '],
])('%j is said not to be portable', (name) => expect(problems(name)).toEqual([name]));

test.each([['a.json'], ['.env'], ['..a'], ['console'], ['com10'], ['caf\u00e9'], ['a b'], ['\u{1f600}']])(
  '%j is portable',
  (name) => expect(problems(name)).toEqual([]),
);

test('names that differ in case, in Unicode form or in what Windows strips are said in pairs', () => {
  expect(problems('README.md', 'Readme.md', 'other')).toEqual(['README.md', 'Readme.md']);
  expect(problems('caf\u00e9', 'cafe\u0301')).toEqual(['caf\u00e9', 'cafe\u0301']);
});

test.each(['../evil.', '/etc/a:b', 'a\0b', 'docs/../a:b', 'a\\b', ''])(
  '%j is no path, and is not tried',
  (relative) => {
    new NameProbe(path.join(temp.path, 'scratch')).check(relative);
    expect(readdirSync(temp.path)).toEqual([]);
  },
);

test('plain names are not tried at all', () => {
  const probe = new NameProbe(path.join(temp.path, 'scratch'));
  probe.checkAll(['docs/a.md', 'docs/b.md', 'CLAUDE.md']);
  expect(existsSync(path.join(temp.path, 'scratch'))).toBe(false);
});

test.skipIf(process.platform === 'win32')(
  'a name that cannot be held there is refused, and the scratch folder goes (not on Windows)',
  () => {
    // So deep that nothing of 254 bytes fits behind it: PATH_MAX is 4096 on Linux, 1024 on macOS.
    const length = process.platform === 'linux' ? 3950 : 900;
    let scratch = temp.path;
    while (scratch.length < length) scratch = path.join(scratch, 'd'.repeat(Math.min(200, length - scratch.length)));
    const probe = new NameProbe(scratch);
    const name = '\u00fc'.repeat(127);
    expect(() => probe.check(`docs/${name}`)).toThrow(expect.objectContaining({ code: 'UNSAFE_TARGET' }));
    probe.dispose();
    expect(existsSync(scratch)).toBe(false);
  },
);

describe('on a file system that takes upper and lower case for one', () => {
  test.for([
    ['docs/Readme.md', 'docs/README.md'],
    ['Data/x', 'data/y'],
  ] as const)('%s and %s are refused; one of them is not', ([one, other], { skip }) => {
    const folding = foldingFolder(temp.path);
    if (folding === null)
      throw skip(
        'no such file system here: it needs macOS, Windows, or Linux as root with ext4 casefold, XFS ci or vfat',
      );
    try {
      const probe = new NameProbe(path.join(folding.path, 'scratch'));
      expect(() => probe.checkAll([one, other])).toThrow(expect.objectContaining({ code: 'UNSAFE_TARGET' }));
      probe.checkAll([one]);
      probe.dispose();
    } finally {
      folding.unmount();
    }
  });
});

const IMAGES: readonly (readonly [string, readonly string[], number])[] = [
  ['mkfs.ext4', ['-q', '-F', '-O', 'casefold', '-E', 'encoding=utf8'], 16],
  ['mkfs.xfs', ['-q', '-f', '-n', 'version=ci'], 320],
  ['mkfs.vfat', [], 16],
];

/** A folder where `A` and `a` are one: here, or on a disk image that root may mount. */
function foldingFolder(scratch: string): { path: string; unmount: () => void } | null {
  if (folds(scratch)) return { path: scratch, unmount() {} };
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const mount = path.join(scratch, 'mount');
  mkdirSync(mount, { recursive: true });
  for (const [program, options, mib] of IMAGES) {
    const image = path.join(scratch, 'image');
    try {
      execFileSync('truncate', ['-s', `${mib}M`, image], { stdio: 'ignore' });
      execFileSync(program, [...options, image], { stdio: 'ignore' });
      execFileSync('mount', ['-o', 'loop', image, mount], { stdio: 'ignore' });
    } catch {
      continue;
    }
    const inner = path.join(mount, 'inner');
    mkdirSync(inner);
    if (program === 'mkfs.ext4') execFileSync('chattr', ['+F', inner]);
    const unmount = (): void => void execFileSync('umount', [mount]);
    if (folds(inner)) return { path: inner, unmount };
    unmount();
  }
  return null;
}

function folds(folder: string): boolean {
  writeFileSync(path.join(folder, 'case'), '');
  return existsSync(path.join(folder, 'CASE'));
}
