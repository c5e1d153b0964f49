import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTree } from '../support/compare-trees.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { flipBit } from '../support/flip-bit.ts';

const folder = tempFolder();
const root = path.join(folder.path, 'project');
const ENTRIES = 200;
let backupId: string;

async function digest(database: string, exitCode = 0): Promise<Record<string, unknown>> {
  const result = await runCli(['leveldb', 'digest', database, '--json'], { cwd: root });
  expect(result, result.stdout).toMatchObject({ exitCode, stderr: '' });
  const document: Record<string, unknown> = JSON.parse(result.stdout);
  expect(schemaViolations(exitCode === 0 ? 'leveldb-digest' : 'error', document)).toEqual([]);
  return document;
}

beforeAll(async () => {
  await makeSampleProject(root, { entries: ENTRIES });
  const created = await runCli(['create', '--json'], { cwd: root });
  backupId = String(JSON.parse(created.stdout).backupId);
});
afterAll(() => folder[Symbol.dispose]());

test('a database on disk and the same in a backup, by source and by path, have one digest; nothing is touched', async () => {
  const before = readTree(path.join(root, 'leveldb'));
  const onDisk = await digest('leveldb');
  expect(onDisk).toMatchObject({ records: ENTRIES, backupId: null, stated: null, agrees: null });
  expect(readTree(path.join(root, 'leveldb'))).toEqual(before);
  for (const name of [`${backupId}:leveldb/current`, `migration-:leveldb`]) {
    const stored = await digest(name);
    expect(stored).toMatchObject({ database: 'leveldb', backupId, digest: onDisk['digest'], agrees: true });
  }
  const text = await runCli(['backup', 'leveldb', 'digest', `${backupId}:leveldb/current`], { cwd: root });
  expect(text).toMatchObject({ exitCode: 0, stderr: '' });
  expect(text.stdout).toContain(String(onDisk['digest']));
  expect(text.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('a database that is open elsewhere is read from a capture', async () => {
  const dir = path.join(folder.path, 'live');
  const database = new ClassicLevel(dir);
  await database.open();
  await database.batch([1, 2, 3].map((key) => ({ type: 'put', key: String(key), value: 'x' })));
  expect(await digest(dir)).toMatchObject({ records: 3, keyBytes: 3, valueBytes: 3 });
  await database.close();
});

test('damage, look-alikes and names that lead nowhere say what to do', async () => {
  const bad = path.join(folder.path, 'bad');
  fs.cpSync(path.join(root, 'leveldb'), bad, { recursive: true });
  const log = fs.readdirSync(bad).find((name) => name.endsWith('.log')) ?? '';
  flipBit(path.join(bad, log), 20);
  expect(await digest(bad, 5)).toMatchObject({
    error: { code: 'DATABASE_DAMAGED', details: { file: log, offset: 0 } },
  });
  const inside = path.join(root, 'data/kv');
  fs.cpSync(bad, inside, { recursive: true });
  const refused = await digest(inside, 5);
  expect(refused).toMatchObject({ error: { hint: expect.stringContaining('--raw data/kv, create stores it') } });
  fs.rmSync(path.join(root, 'data'), { recursive: true });
  fs.cpSync(bad, path.join(root, '-yx'), { recursive: true });
  const dashed = await digest(path.join(root, '-yx'), 5);
  expect(dashed).toMatchObject({ error: { hint: expect.stringContaining('--raw ./-yx, create stores it') } });
  fs.rmSync(path.join(root, '-yx'), { recursive: true });
  fs.writeFileSync(path.join(bad, 'IDENTITY'), 'x');
  expect(await digest(bad, 5)).toMatchObject({ error: { code: 'DATABASE_FOREIGN' } });
  expect(await digest('deployments', 2)).toMatchObject({ error: { code: 'USAGE' } });
  expect(await digest('nowhere', 2)).toMatchObject({ error: { code: 'USAGE' } });
  expect(await digest(`${backupId}:docs/main`, 2)).toMatchObject({ error: { code: 'NOTHING_SELECTED' } });
  expect(await digest('migration-1999:leveldb', 10)).toMatchObject({ error: { code: 'NO_SUCH_BACKUP' } });
});
