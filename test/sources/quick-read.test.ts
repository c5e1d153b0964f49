import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { MemberTarget } from '../../src/core/sources/file-reader.ts';
import { settledState, TICK_MS } from '../../src/core/sources/file-state.ts';
import { quickRead } from '../../src/core/sources/quick-read.ts';
import { scannedEntry } from '../../src/core/sources/scan-item.ts';
import { put } from '../support/files.ts';
import { makeSource } from '../support/source.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CONTENT = 'what stood there at the scan\n';

/** Keeps what is written; `begun` tells whether anything reached it. */
class Target implements MemberTarget {
  readonly pressed = false;
  begun = 0;
  content = '';

  begin(): number {
    this.begun++;
    return 512;
  }
  room(): Buffer {
    return Buffer.alloc(0);
  }
  advance(): void {}
  write(bytes: Uint8Array): void {
    this.content += Buffer.from(bytes).toString('utf8');
  }
  end(): void {}
  async rollback(): Promise<void> {}
  async drain(): Promise<void> {}
}

/** A file that a scan has seen, old enough; `change` happens between the scan and the read. */
async function readAfter(change: (file: string) => void | Promise<void>) {
  using folder = tempFolder();
  const file = path.join(folder.path, 'file');
  put(folder.path, 'file', CONTENT);
  await new Promise((resolve) => setTimeout(resolve, 2 * TICK_MS));
  const stat = fs.lstatSync(file, { bigint: true });
  const seen = settledState(stat, Date.now());
  if (seen === undefined) throw new Error('a file that is old enough has no state');
  await change(file);
  const target = new Target();
  const entry = scannedEntry(makeSource({ path: '.' }), 'file', 'file', stat);
  const inspected: string[] = [];
  const outcome = quickRead(file, entry, seen, target, (bytes) => inspected.push(bytes.toString('utf8')));
  return { outcome, target, entry, inspected };
}

test('a file that nobody touches is read, hashed and inspected once', async () => {
  const { outcome, target, entry, inspected } = await readAfter(() => undefined);
  const sha256 = createHash('sha256').update(CONTENT).digest('hex');
  expect(outcome).toEqual({ status: 'ok', entry, sha256, offset: 512 });
  expect(target.content).toBe(CONTENT);
  expect(inspected).toEqual([CONTENT]);
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
])('%s: left to the careful way, nothing was stored', async (_, change) => {
  const { outcome, target, inspected } = await readAfter(change);
  expect(outcome).toBeNull();
  expect(target.begun).toBe(0);
  expect(inspected).toEqual([]);
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
