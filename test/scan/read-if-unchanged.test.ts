import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { settledState, TICK_MS } from '../../src/core/scan/file-state.ts';
import { readIfUnchanged } from '../../src/core/scan/file-reader.ts';
import { put } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CONTENT = 'what stood there at the scan\n';

/** A file that a scan has seen, old enough; `change` happens between the scan and the read. */
async function readAfter(change: (file: string) => void | Promise<void>) {
  using folder = tempFolder();
  const file = path.join(folder.path, 'file');
  put(folder.path, 'file', CONTENT);
  await new Promise((resolve) => setTimeout(resolve, 2 * TICK_MS));
  const seen = settledState(fs.lstatSync(file, { bigint: true }), Date.now());
  if (seen === undefined) throw new Error('a file that is old enough has no state');
  await change(file);
  const room = Buffer.alloc(3 + CONTENT.length + 1);
  const unchanged = readIfUnchanged(file, seen, room, 3);
  return { unchanged, content: room.toString('utf8', 3, 3 + CONTENT.length) };
}

test('a file that nobody touches is read to its place', async () => {
  expect(await readAfter(() => undefined)).toEqual({ unchanged: true, content: CONTENT });
});

test.each<[string, (file: string) => void]>([
  ['it grew', (file) => fs.appendFileSync(file, 'x')],
  ['it shrank', (file) => fs.truncateSync(file, 3)],
  ['other bytes, the same size, and the old mtime put back', rewriteAndBackdate],
  ['its mode changed', (file) => fs.chmodSync(file, 0o600)],
  ['another file took its name', (file) => fs.renameSync(copyBeside(file), file)],
  [
    'a link took its name',
    (file) => {
      fs.renameSync(file, `${file}.old`);
      fs.symlinkSync(`${file}.old`, file);
    },
  ],
  ['it vanished', (file) => fs.rmSync(file)],
  ['a folder took its name', (file) => (fs.rmSync(file), fs.mkdirSync(file))],
])('%s: left to the careful way', async (_, change) => {
  expect((await readAfter(change)).unchanged).toBe(false);
});

test('a file that was changed in this very tick says nothing about its next change', () => {
  using folder = tempFolder();
  put(folder.path, 'young');
  const stat = fs.lstatSync(path.join(folder.path, 'young'), { bigint: true });
  expect(settledState(stat, Number(stat.ctimeMs) + TICK_MS - 1)).toBeUndefined();
  expect(settledState(stat, Number(stat.ctimeMs) + TICK_MS + 1)).toMatchObject({ inode: Number(stat.ino) });
});

function rewriteAndBackdate(file: string): void {
  const { atime, mtime } = fs.statSync(file);
  fs.writeFileSync(file, CONTENT.toUpperCase());
  fs.utimesSync(file, atime, mtime);
}

function copyBeside(file: string): string {
  fs.cpSync(file, `${file}.new`, { preserveTimestamps: true });
  return `${file}.new`;
}
