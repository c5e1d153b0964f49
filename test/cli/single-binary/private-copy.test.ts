import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { addonCacheFolder, keepPrivateCopy, sha256 } from '../../../src/cli/single-binary/private-copy.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const bytes = Buffer.from('code');

function keepIn(folder: string): string | undefined {
  return keepPrivateCopy(folder, 'x.node', bytes);
}

describe.skipIf(process.platform === 'win32')('keepPrivateCopy (not on Windows)', () => {
  test('writes once, under the hash, for its owner alone', () => {
    using temp = tempFolder();
    const folder = path.join(temp.path, 'a/b');
    const file = keepIn(folder);
    expect(file).toBe(path.join(folder, `${sha256(bytes).slice(0, 32)}-x.node`));
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    const { ino, mode } = fs.statSync(file ?? '');
    expect(mode & 0o777).toBe(0o500);
    expect(fs.readdirSync(folder)).toHaveLength(1);
    expect(keepIn(folder)).toBe(file);
    expect(fs.statSync(file ?? '').ino).toBe(ino);
  });

  test.each<[string, (file: string, other: string) => void]>([
    ['other bytes of the same length', (file) => fs.writeFileSync(file, 'evil')],
    ['a cut file', (file) => fs.writeFileSync(file, 'co')],
    ['a link to the very bytes', (file, other) => (fs.writeFileSync(other, bytes), fs.symlinkSync(other, file))],
    ['a file that others can write', (file) => (fs.writeFileSync(file, bytes), fs.chmodSync(file, 0o666))],
  ])('%s in its place is replaced, and what a link points to is not touched', (_what, plant) => {
    using temp = tempFolder();
    const folder = path.join(temp.path, 'cache');
    fs.mkdirSync(folder);
    const other = path.join(temp.path, 'other');
    const expected = path.join(folder, `${sha256(bytes).slice(0, 32)}-x.node`);
    plant(expected, other);
    const written = fs.existsSync(other) ? fs.readFileSync(other) : undefined;
    expect(keepIn(folder)).toBe(expected);
    expect(fs.lstatSync(expected).isFile()).toBe(true);
    expect(fs.statSync(expected).mode & 0o777).toBe(0o500);
    expect(fs.readFileSync(expected, 'utf8')).toBe('code');
    expect(fs.existsSync(other) ? fs.readFileSync(other) : undefined).toEqual(written);
  });

  test('a folder in the place of the file cannot be replaced, so there is no copy', () => {
    using temp = tempFolder();
    fs.mkdirSync(path.join(temp.path, `${sha256(bytes).slice(0, 32)}-x.node`, 'full'), { recursive: true });
    expect(keepIn(temp.path)).toBeUndefined();
  });

  test('a folder open to others is closed; a link in its place is refused', () => {
    using temp = tempFolder();
    const open = path.join(temp.path, 'open');
    fs.mkdirSync(open);
    fs.chmodSync(open, 0o777);
    expect(keepIn(open)).toBeDefined();
    expect(fs.statSync(open).mode & 0o777).toBe(0o700);
    const link = path.join(temp.path, 'link');
    fs.symlinkSync(open, link);
    expect(keepIn(link)).toBeUndefined();
  });

  test('below a folder that anybody can rename things in there is no copy, below a sticky one there is', () => {
    using temp = tempFolder();
    const shared = path.join(temp.path, 'shared');
    fs.mkdirSync(shared);
    fs.chmodSync(shared, 0o777);
    expect(keepIn(path.join(shared, 'cache'))).toBeUndefined();
    fs.chmodSync(shared, 0o1777);
    expect(keepIn(path.join(shared, 'cache'))).toBeDefined();
  });

  test.skipIf(process.getuid?.() !== 0)("somebody else's folder is refused (as root)", () => {
    using temp = tempFolder();
    const theirs = path.join(temp.path, 'theirs');
    fs.mkdirSync(theirs);
    fs.chownSync(theirs, 65_534, 65_534);
    expect(keepIn(theirs)).toBeUndefined();
    expect(fs.readdirSync(theirs)).toEqual([]);
    expect(keepIn(path.join(theirs, 'deeper'))).toBeUndefined();
  });

  test('a relative XDG_CACHE_HOME counts as none', () => {
    expect(path.isAbsolute(addonCacheFolder({ XDG_CACHE_HOME: 'here' }))).toBe(true);
  });
});
