import fs from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { reportsErrors, wholeSync } from '../../src/core/fs/whole-sync.ts';
import { TreeWriter } from '../../src/core/transaction/tree-writer.ts';
import { tempFolder } from '../support/temp-folder.ts';

const facts = { category: 'c', source: 's', uid: 0, gid: 0, mtimeNs: 1_700_000_000_000_000_000n } as const;
const FILE = { ...facts, path: 'd/f', type: 'file', size: 1, mode: 0o640 } as const;
const FOLDER = { ...facts, path: 'd', type: 'dir', size: 0, mode: 0o750 } as const;

test.each([
  ['6.1.0-18-amd64', true],
  ['5.8.0', true],
  ['5.7.19', false],
  ['4.19.0', false],
  ['5.10.102.1-microsoft-standard-WSL2', true],
  ['unknown', false],
])('Linux %s reports a failed write to syncfs: %s', (release, expected) => {
  expect(reportsErrors(release)).toBe(expected);
});

test('a few files are not worth a process', async () => {
  using folder = tempFolder();
  expect(await wholeSync(folder.path, 10)).toBeNull();
});

test('a failure is thrown, not swallowed', async ({ skip }) => {
  using folder = tempFolder();
  const gone = path.join(folder.path, 'gone');
  fs.mkdirSync(gone);
  const sync = await wholeSync(gone, 1000);
  if (sync === null) return skip('no proven syncfs here');
  await expect(sync()).resolves.toBeUndefined();
  fs.rmdirSync(gone);
  return expect(sync()).rejects.toMatchObject({ code: 'IO', path: gone });
});

async function writeTree(root: string, writer: TreeWriter): Promise<void> {
  writer.folder(path.join(root, 'd'), FOLDER);
  writer.beginFile(path.join(root, 'd/f'));
  await writer.write(Buffer.from('x'));
  await writer.endFile(FILE);
  return writer.finish();
}

test('with one sync for all, it comes once, after every write and every mode', async () => {
  using folder = tempFolder();
  const seen: [number, number][] = [];
  const fsync = vi.spyOn(fs, 'fsyncSync');
  try {
    const writer = new TreeWriter(folder.path, async () => {
      const mode = (name: string): number => fs.statSync(path.join(folder.path, name)).mode & 0o777;
      seen.push([mode('d'), mode('d/f')]);
    });
    await writeTree(folder.path, writer);
    expect(seen).toEqual([[0o750, 0o640]]);
    expect(fsync).not.toHaveBeenCalled();
    fs.rmSync(path.join(folder.path, 'd'), { recursive: true });
    await writeTree(folder.path, new TreeWriter(folder.path));
    // The file, its folder, and the folder above.
    expect(fsync).toHaveBeenCalledTimes(3);
  } finally {
    fsync.mockRestore();
  }
});

test('what the one sync throws, finish throws', async () => {
  using folder = tempFolder();
  const failing = new TreeWriter(folder.path, () => Promise.reject(new Error('EIO')));
  await expect(writeTree(folder.path, failing)).rejects.toThrow('EIO');
});
