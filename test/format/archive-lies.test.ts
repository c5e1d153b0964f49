import path from 'node:path';
import { expect, test } from 'vitest';
import type { Entry } from '../../src/core/model/entry.ts';
import {
  ARCHIVE_MEMBERS,
  extentOf,
  inspectArchive,
  rewriteArchive,
  writeArchive,
  type WrittenArchive,
} from '../support/sample-archive.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

function write(temp: TempFolder, compression: 'zstd' | 'none' = 'zstd'): Promise<WrittenArchive> {
  return writeArchive(path.join(temp.path, 'c.tar'), ARCHIVE_MEMBERS, compression);
}

test.each([
  ['first', 0],
  ['in the middle', 9],
  ['last', ARCHIVE_MEMBERS.length - 1],
])('a member that the index hides: %s', async (_, hidden) => {
  using temp = tempFolder();
  const archive = await write(temp);
  const entries = archive.entries.toSpliced(hidden, 1);
  const seen = await inspectArchive({ ...archive, entries });
  const behind = entries[hidden]?.path;
  expect(seen.findings).toMatchObject([
    behind === undefined ? { code: 'archive-tail' } : { code: 'archive-gap', affects: [behind] },
  ]);
});

test('an index entry without a member', async () => {
  using temp = tempFolder();
  const archive = await write(temp);
  const last = archive.entries.at(-1);
  if (last === undefined) throw new Error('no entries');
  const extra = { ...last, path: 'd/zz', offset: extentOf(last).to };
  const seen = await inspectArchive({ ...archive, entries: [...archive.entries, extra] });
  expect(seen.findings).toMatchObject([{ code: 'header-altered', affects: ['d/zz'] }]);
  expect(seen.bad).toEqual(['d/zz']);
});

test.each<[string, Partial<Entry>]>([
  ['path', { path: 'd/other' }],
  ['size', { size: 99_999 }],
  ['mode', { mode: 0o777 }],
  ['mtime', { mtimeNs: 0n }],
  ['uid', { uid: 12 }],
  ['gid', { gid: 12 }],
])('an index that lies about %s', async (key, lie) => {
  using temp = tempFolder();
  const archive = await write(temp);
  const entries = archive.entries.map((entry) => (entry.path === 'd/a03' ? { ...entry, ...lie } : entry));
  const seen = await inspectArchive({ ...archive, entries });
  const name = lie.path ?? 'd/a03';
  expect(seen.findings[0]).toMatchObject({ code: 'header-differs', affects: [name] });
  expect(seen.findings[0]?.message).toContain(`${key} is`);
  expect(seen.bad).toContain(name);
});

test('an index that lies about a link’s target or a file’s checksum', async () => {
  using temp = tempFolder();
  const archive = await write(temp);
  const entries = archive.entries.map((entry): Entry => {
    if (entry.type === 'symlink') return { ...entry, target: '/etc/passwd' };
    return entry.path === 'd/a03' ? { ...entry, sha256: '0'.repeat(64) } : entry;
  });
  const seen = await inspectArchive({ ...archive, entries });
  expect(seen.findings).toMatchObject([
    { code: 'file-altered', affects: ['d/a03'] },
    { code: 'header-differs', affects: ['d/link'] },
  ]);
  expect(seen.bad).toEqual(['d/a03', 'd/link']);
});

test('a byte in the end blocks', async () => {
  using temp = tempFolder();
  const archive = await write(temp, 'none');
  rewriteArchive(archive, (bytes) => {
    bytes[bytes.length - 1] = 1;
    return bytes;
  });
  const seen = await inspectArchive(archive);
  expect(seen.findings).toMatchObject([{ code: 'archive-tail', severity: 'error' }]);
  expect(seen.bad).toEqual([]);
});

test('bytes behind the end', async () => {
  using temp = tempFolder();
  const plain = await write(temp, 'none');
  rewriteArchive(plain, (bytes) => Buffer.concat([bytes, Buffer.alloc(512)]));
  const seen = await inspectArchive(plain);
  expect(seen.findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['archive-tail', 'archive-differs']));
  expect(seen.bad).toEqual([]);
  using other = tempFolder();
  const framed = await write(other);
  rewriteArchive(framed, (bytes) => Buffer.concat([bytes, Buffer.from('x')]));
  expect((await inspectArchive(framed)).findings).toMatchObject([{ code: 'archive-unreadable' }]);
});

test('facts that are not those of the file', async () => {
  using temp = tempFolder();
  const archive = await write(temp);
  const { size, tarSize, frames } = archive.facts;
  const facts = { ...archive.facts, size: size + 1, tarSize: tarSize - 512, frames: frames + 1 };
  const seen = await inspectArchive({ ...archive, facts });
  expect(seen.findings.map(({ code, evidence }) => [code, evidence?.['key']])).toEqual([
    ['archive-differs', 'size'],
    ['archive-differs', 'tarSize'],
    ['archive-differs', 'frames'],
  ]);
});
