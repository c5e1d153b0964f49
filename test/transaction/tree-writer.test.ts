import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ScannedEntry } from '../../src/core/model/entry.ts';
import { TreeWriter } from '../../src/core/transaction/tree-writer.ts';
import { tempFolder } from '../support/temp-folder.ts';

const LINK: ScannedEntry = {
  category: 'files',
  source: 'all',
  path: 'd',
  type: 'symlink',
  size: 0,
  mode: 0o777,
  mtimeNs: 0n,
  uid: 0,
  gid: 0,
  target: '../outside',
};

test('nothing is ever written through a link that was made before, and no folder is made behind it', () => {
  using temp = tempFolder();
  const outside = path.join(temp.path, 'outside');
  fs.mkdirSync(outside);
  const base = path.join(temp.path, 'base');
  const writer = new TreeWriter(base);
  writer.link(path.join(base, 'd'), LINK);
  for (const below of ['d/f', 'd/sub/f'])
    expect(() => writer.beginFile(path.join(base, below))).toThrow(expect.objectContaining({ code: 'UNSAFE_ARCHIVE' }));
  const folder: ScannedEntry = { ...LINK, type: 'dir', path: 'd' };
  expect(() => writer.folder(path.join(base, 'd'), folder)).toThrow(
    expect.objectContaining({ code: 'UNSAFE_ARCHIVE' }),
  );
  expect(fs.readdirSync(outside)).toEqual([]);
});
