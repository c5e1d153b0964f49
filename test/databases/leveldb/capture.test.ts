import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { captureDatabase } from '../../../src/core/databases/leveldb/capture/capture.ts';
import { folderFiles } from '../../../src/core/databases/database-files.ts';
import { readDatabase } from '../../../src/core/databases/leveldb/format/reader.ts';
import { recogniseDatabase } from '../../../src/core/databases/leveldb/format/recognise.ts';
import { copyCapture } from '../../stress/leveldb/stress.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { fillLevels, firstWith, makeDatabase } from './make-database.ts';

function identities(dir: string): unknown[] {
  return fs.readdirSync(dir).map((name) => {
    const { ino, size, mode, nlink, mtimeNs, ctimeNs } = fs.lstatSync(path.join(dir, name), { bigint: true });
    return { name, ino, size, mode, nlink, mtimeNs, ctimeNs };
  });
}

test.each([4096, 3])(
  'a capture with %i descriptors holds the same entries and leaves the source as it was',
  async (max) => {
    using folder = tempFolder();
    const dir = path.join(folder.path, 'db');
    const copy = path.join(folder.path, 'copy');
    await makeDatabase(dir, fillLevels);
    fs.writeFileSync(path.join(dir, '000001.ldb'), 'left over');
    const before = identities(dir);
    const capture = await captureDatabase(dir, { maxDescriptors: max });
    expect(capture.orphans).toEqual(['000001.ldb']);
    copyCapture(capture, copy);
    expect(identities(dir)).toEqual(before);
    const [source, copied] = [folderFiles(dir), folderFiles(copy)];
    expect(await readDatabase(copied)).toEqual(await readDatabase(source));
    source.close();
    copied.close();
    expect(fs.readdirSync(copy).filter((name) => name.startsWith('LO'))).toEqual([]);
  },
);

/** More than there are descriptors for, and some of them empty. */
const MANY_LOGS = Array.from({ length: 300 }, (_, at) => at % 7);

test.each([4096, 64, 10])(
  'a database of 300 logs, some of them empty, is captured with %i descriptors and room to copy logs aside',
  async (max) => {
    using folder = tempFolder();
    const dir = path.join(folder.path, 'db');
    const spool = path.join(folder.path, 'spool');
    writeDatabase(dir, [[Buffer.from('key'), Buffer.from('value')]], { logs: MANY_LOGS });
    const before = identities(dir);
    const capture = await captureDatabase(dir, { maxDescriptors: max, spool });
    expect(capture).toMatchObject({ attempts: 1, logs: MANY_LOGS.length });
    copyCapture(capture, path.join(folder.path, 'copy'));
    expect(fs.existsSync(spool)).toBe(false);
    expect(identities(dir)).toEqual(before);
    const [source, copied] = [folderFiles(dir), folderFiles(path.join(folder.path, 'copy'))];
    expect(await readDatabase(copied)).toEqual(await readDatabase(source));
    expect(await readDatabase(source)).toMatchObject({ records: 1 + MANY_LOGS.reduce((sum, count) => sum + count) });
  },
);

test('a log that was copied aside and another that has its name by now are told apart', async () => {
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  writeDatabase(dir, [[Buffer.from('key'), Buffer.from('value')]], { logs: MANY_LOGS });
  const other = path.join(folder.path, 'other');
  writeDatabase(other, [[Buffer.from('key'), Buffer.from('value')]], { logs: MANY_LOGS });
  let exchanged = 0;
  const delay = (step: string): void => {
    if (step !== 'A' || exchanged++ > 0) return;
    fs.renameSync(dir, path.join(folder.path, 'away'));
    fs.renameSync(other, dir);
  };
  const capture = await captureDatabase(dir, { maxDescriptors: 64, spool: path.join(folder.path, 'spool'), delay });
  expect(capture).toMatchObject({ attempts: 2, logs: MANY_LOGS.length });
  capture.close();
});

test('damage is named and never captured: missing table, missing log, MANIFEST, middle of a log', async () => {
  using folder = tempFolder();
  await makeDatabase(folder.path, fillLevels);
  const spoil = (file: string): void => {
    const bytes = fs.readFileSync(file);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
  };
  const manifest = path.join(folder.path, fs.readFileSync(path.join(folder.path, 'CURRENT'), 'latin1').trim());
  const cases: [string, (file: string) => void][] = [
    [firstWith(folder.path, '.ldb'), fs.unlinkSync],
    [firstWith(folder.path, '.log'), fs.unlinkSync],
    [manifest, spoil],
    [firstWith(folder.path, '.log'), spoil],
  ];
  for (const [file, harm] of cases) {
    const good = fs.readFileSync(file);
    harm(file);
    const captured = captureDatabase(folder.path);
    await expect(captured).rejects.toMatchObject({ code: 'DATABASE_DAMAGED', path: path.basename(file) });
    fs.writeFileSync(file, good);
  }
});

test('a log that ends inside a record is cut to its last whole one', async () => {
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  await makeDatabase(dir, async (db) => {
    await db.put(Buffer.from('first'), Buffer.from('1'));
    await db.put(Buffer.from('second'), Buffer.from('2'));
  });
  const log = firstWith(dir, '.log');
  fs.truncateSync(log, fs.statSync(log).size - 3);
  const copy = path.join(folder.path, 'copy');
  copyCapture(await captureDatabase(dir), copy);
  const files = folderFiles(copy);
  expect(await readDatabase(files)).toMatchObject({ records: 1, tailState: 'clean' });
  files.close();
});

test('RocksDB is told apart and refused', async () => {
  using folder = tempFolder();
  await makeDatabase(folder.path, async () => undefined);
  expect(recogniseDatabase(folder.path)).toBe('leveldb');
  fs.writeFileSync(path.join(folder.path, 'OPTIONS-000005'), '');
  expect(recogniseDatabase(folder.path)).toBe('rocksdb');
  await expect(captureDatabase(folder.path)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
});
