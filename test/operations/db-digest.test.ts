import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTree } from '../support/compare-trees.ts';
import { Db, makeDbProject, makeLevel } from '../support/db-project.ts';
import { flipBit } from '../support/flip-bit.ts';
import { rewriteManifest } from '../support/rewrite-backup.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = tempFolder();
const root = path.join(folder.path, 'project');
const db = new Db(root);
const ENTRIES = 200;
let backupId: string;

const digest = (database: string, exitCode = 0): Promise<Record<string, unknown>> =>
  db.json(['digest', database], exitCode);

async function create(...args: string[]): Promise<string> {
  const created = await runCli(['create', '--json', ...args], { cwd: root });
  expect(created.exitCode, created.stdout).toBe(0);
  return String(JSON.parse(created.stdout).backupId);
}

beforeAll(async () => {
  await makeDbProject(root, ENTRIES);
  backupId = await create();
});
afterAll(() => folder[Symbol.dispose]());

const PLACES = [
  { onDisk: 'leveldb', named: ['leveldb/current', 'leveldb'], facts: { engine: 'leveldb', records: ENTRIES } },
  {
    onDisk: 'data/app.db',
    named: ['app/data', 'data/app.db'],
    facts: { engine: 'sqlite', records: 30, tables: { t: 30 }, integrity: [] },
  },
];

test.each(PLACES)('$onDisk and the same in a backup, by source and by path, have one digest', async (place) => {
  const { onDisk, named, facts } = place;
  const before = readTree(root, ['backups', '.migbackup']);
  const live = await digest(onDisk);
  expect(live).toMatchObject({ database: path.join(root, onDisk), facts, backupId: null, stated: null, agrees: null });
  expect(readTree(root, ['backups', '.migbackup'])).toEqual(before);
  for (const name of named) {
    for (const backup of [backupId, 'latest', 'migration-']) {
      const stored = await digest(`${backup}:${name}`);
      expect(stored).toMatchObject({ database: onDisk, backupId, facts: live['facts'], agrees: true, findings: [] });
    }
  }
  const text = await runCli(['backup', 'db', 'digest', `${backupId}:${named[0]}`], { cwd: root });
  expect(text).toMatchObject({ exitCode: 0, stderr: '' });
  expect(text.stdout).toContain('as stated');
  expect(text.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test.each(['zip', 'tar'])('an exported .%s is as good as its backup', async (format) => {
  const file = path.join(folder.path, `with:colon.${format}`);
  expect((await runCli(['export', backupId, '--output', file], { cwd: root })).exitCode).toBe(0);
  expect(await digest(`${file}:leveldb`)).toMatchObject({ backupId, agrees: true });
  expect(await digest(`${file}:app/data`)).toMatchObject({ backupId, agrees: true });
});

test('what the manifest states and is not there is exit 4', async () => {
  const copy = path.join(folder.path, 'altered', backupId);
  fs.cpSync(path.join(root, 'backups', backupId), copy, { recursive: true });
  const manifest = path.join(copy, 'BACKUP_MANIFEST.json');
  fs.writeFileSync(manifest, fs.readFileSync(manifest, 'utf8').replaceAll(`"records": ${ENTRIES}`, '"records": 7'));
  rewriteManifest(copy, () => {});
  const altered = await digest(`${copy}:leveldb`, 4);
  expect(altered).toMatchObject({ agrees: false, stated: { records: 7 }, facts: { records: ENTRIES } });
  const text = await db.text('digest', `${copy}:leveldb`);
  expect(text.stdout).toContain('the manifest says 7 records');
  expect(text.stdout).toContain(`migbackup verify ${backupId}`);
});

test('a link leads to the database, with what lies beside that', async () => {
  const link = path.join(folder.path, 'link.db');
  fs.symlinkSync(path.join(root, 'data/app.db'), link);
  const live = await digest('data/app.db');
  expect(await digest(link)).toMatchObject({ database: path.join(root, 'data/app.db'), facts: live['facts'] });
});

test('a database that is open elsewhere is read from a capture', async () => {
  const dir = path.join(folder.path, 'live');
  const database = new ClassicLevel(dir);
  await database.open();
  await database.batch([1, 2, 3].map((key) => ({ type: 'put', key: String(key), value: 'x' })));
  expect(await digest(dir)).toMatchObject({ facts: { records: 3 } });
  await database.close();
});

test('databases that were taken as plain files are read, and nothing is stated of them', async () => {
  const id = await create('--raw', 'leveldb/current', '--raw', 'app/data');
  const [level, file] = [await digest('leveldb'), await digest('data/app.db')];
  for (const name of ['leveldb/current', 'leveldb'])
    expect(await digest(`${id}:${name}`)).toMatchObject({ facts: level['facts'], stated: null, agrees: null });
  expect(await digest(`${id}:data/app.db`)).toMatchObject({ facts: file['facts'], stated: null, agrees: null });
});

test('of several databases of one source one has to be named', async () => {
  await makeLevel(path.join(root, 'data/kv'), [[Buffer.from('k'), Buffer.from('v')]]);
  const id = await create('--only', 'app');
  const refused = await digest(`${id}:app/data`, 2);
  expect(refused).toMatchObject({
    error: { code: 'USAGE', details: { databases: ['data/app.db', 'data/kv'] } },
  });
  expect(await digest(`${id}:data/kv`)).toMatchObject({ facts: { engine: 'leveldb', records: 1 }, agrees: true });
  fs.rmSync(path.join(root, 'data/kv'), { recursive: true });
});

test('damage and look-alikes say what to do', async () => {
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
  fs.rmSync(inside, { recursive: true });
  fs.writeFileSync(path.join(bad, 'IDENTITY'), 'x');
  expect(await digest(bad, 5)).toMatchObject({ error: { code: 'DATABASE_FOREIGN' } });
});

test('what a backup holds is read only if it is what its index says', async () => {
  const id = await create('--compression', 'none');
  const archive = path.join(root, 'backups', id, 'app.tar');
  const at = fs.readFileSync(archive).indexOf('SQLite format 3');
  expect(at).toBeGreaterThan(0);
  // A byte that SQLite does not look at.
  flipBit(archive, at + 90);
  expect(await digest(`${id}:data/app.db`, 4)).toMatchObject({
    error: {
      code: 'BACKUP_DAMAGED',
      message: expect.stringContaining('data/app.db'),
      hint: expect.stringContaining(id),
    },
  });
  fs.rmSync(path.join(root, 'backups', id), { recursive: true });
});

test('an unknown one names those that there are', async () => {
  const known = ['leveldb', 'data/app.db', `${backupId}:leveldb`, `${backupId}:data/app.db`];
  fs.readdirSync(path.join(root, 'backups'))
    .filter((name) => name.startsWith('migration-') && name !== backupId)
    .forEach((name) => fs.rmSync(path.join(root, 'backups', name), { recursive: true }));
  for (const name of ['nowhere', 'deployments', 'README.md', '']) {
    const { error } = await digest(name, 10);
    expect(error).toMatchObject({ code: 'NO_SUCH_DATABASE', hint: expect.stringContaining('leveldb, data/app.db') });
    expect(error).toMatchObject({ details: { databases: expect.arrayContaining(known) } });
  }
  expect(await digest('data/app.db-wal', 10)).toMatchObject({
    error: {
      code: 'NO_SUCH_DATABASE',
      hint: expect.stringContaining(`It belongs to the database ${root}/data/app.db.`),
    },
  });
  for (const name of ['docs/main', 'nowhere', 'data', 'leveldb/CURRENT']) {
    expect(await digest(`${backupId}:${name}`, 10)).toMatchObject({
      error: { code: 'NO_SUCH_DATABASE', hint: expect.stringContaining('data/app.db') },
    });
  }
  expect(await digest('migration-1999:leveldb', 10)).toMatchObject({ error: { code: 'NO_SUCH_BACKUP' } });
});
