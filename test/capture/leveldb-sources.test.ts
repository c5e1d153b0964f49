import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { flipBit } from '../support/flip-bit.ts';
import { ROCKSDB_MAGIC, writeDatabase } from '../support/leveldb/write-database.ts';
import { cliCommand, runCli } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { fillLevels, firstWith, makeDatabase } from '../databases/leveldb/make-database.ts';

type Json = Record<string, unknown>;

interface Run {
  readonly exitCode: number | null;
  readonly document: Json;
}

function project(): TempFolder {
  const folder = tempFolder();
  put(folder.path, 'package.json', '{}');
  return folder;
}

async function run(root: string, ...args: string[]): Promise<Run> {
  const { exitCode, stdout, stderr } = await runCli([...args, '--json'], { cwd: root });
  expect(stderr).toBe('');
  return { exitCode, document: JSON.parse(stdout) };
}

const findings = (document: Json, code: string): Json[] => {
  const all = document['findings'];
  return Array.isArray(all) ? all.filter((finding: Json) => finding['code'] === code) : [];
};

test('databases of every kind, nested in a folder of files, are captured, rehearsed and come back', async () => {
  using folder = project();
  const root = folder.path;
  const at = (name: string): string => path.join(root, 'deployments', name);
  await makeDatabase(at('deep/levels'), fillLevels);
  await makeDatabase(at('empty'), async () => undefined);
  await makeDatabase(at('log-only'), async (db) => db.put(Buffer.from('a'), Buffer.from('1')));
  await makeDatabase(at('large'), async (db) => db.put(Buffer.from('large'), Buffer.alloc(2_000_000, 'x')));
  await makeDatabase(at('bytes'), async (db) => db.put(Buffer.from([0xff, 0, 0xc3, 0x28]), Buffer.from([0x80])));
  writeDatabase(at('bedrock'), [[Buffer.from('k'), Buffer.alloc(5000, 'v')]], { compression: 'zlib' });
  writeDatabase(at('indexed-db'), [[Buffer.from('k'), Buffer.from('v')]], { comparator: 'idb_cmp1' });
  put(root, 'deployments/deep/levels/notes/why.txt', 'an ordinary file inside a database');
  put(root, 'deployments/plain.json', '{}');
  const before = readTree(root);

  const created = await run(root, 'create');
  expect(created).toMatchObject({ exitCode: 0, document: { status: 'complete', verified: { status: 'PASSED' } } });
  const databases: Json[] = JSON.parse(JSON.stringify(created.document)).categories['legacy-json'].sources[0].databases;
  const both = ['migbackup', 'classic-level'];
  const facts = databases.map((database) => [
    String(database['path']).slice(12),
    database['records'],
    database['readers'],
  ]);
  expect(facts).toEqual([
    ['bedrock', 1, ['migbackup']],
    ['bytes', 1, both],
    ['deep/levels', expect.any(Number), both],
    ['empty', 0, both],
    ['indexed-db', null, ['migbackup']],
    ['large', 1, both],
    ['log-only', 1, both],
  ]);
  expect(await run(root, 'verify', '--rehearse')).toMatchObject({
    exitCode: 0,
    document: { status: 'PASSED', scope: { rehearsed: { databases: 5 } } },
  });
  const shown = await runCli(['show'], { cwd: root });
  expect(shown.stdout.replace(/\s+/g, ' ')).toContain(
    'deployments/indexed-db: LevelDB, bytes and CRCs verified, not counted, 1 table, 1 log, comparator idb_cmp1 no digest',
  );
  for (const { digest } of databases)
    if (typeof digest === 'string') expect(shown.stdout).toContain(`digest ${digest}`);

  const to = path.join(root, 'elsewhere');
  expect((await run(root, 'restore', '--to', to)).exitCode).toBe(0);
  expect(compareTrees(before, readTree(to))).toEqual([]);
});

test('a damaged database is exit 5, names file and byte, and --raw CATEGORY/SOURCE saves it as it is', async () => {
  using folder = project();
  const root = folder.path;
  const database = path.join(root, 'leveldb');
  await makeDatabase(database, fillLevels);
  const table = firstWith(database, '.ldb');
  flipBit(table, 100);
  const before = readTree(root);

  const refused = await run(root, 'create');
  const name = path.basename(table);
  expect(refused.exitCode).toBe(5);
  expect(refused.document).toMatchObject({
    error: { code: 'DATABASE_DAMAGED', details: { file: name, offset: 0 } },
  });
  const said = JSON.stringify(refused.document);
  for (const what of ['leveldb', name, 'at byte 0', '--raw leveldb.']) expect(said).toContain(what);
  expect(fs.readdirSync(path.join(root, 'backups')).filter((entry) => /^(migration|\.partial)/.test(entry))).toEqual(
    [],
  );

  expect((await run(root, 'create', '--raw', './leveldb/')).exitCode).toBe(0);
  const saved = await run(root, 'create', '--raw', 'leveldb/current');
  expect(saved.exitCode).toBe(0);
  expect(findings(saved.document, 'database-not-proven')).toMatchObject([{ path: 'leveldb' }]);
  expect(await run(root, 'verify')).toMatchObject({ exitCode: 0, document: { status: 'WARNING' } });
  expect((await run(root, 'verify', '--rehearse')).document).toMatchObject({ status: 'WARNING' });
  const digest = await run(root, 'db', 'digest', `${String(saved.document['backupId'])}:leveldb/current`);
  expect(digest).toMatchObject({ exitCode: 5, document: { error: { details: { file: name, offset: 0 } } } });
  const to = path.join(root, 'elsewhere');
  expect((await run(root, 'restore', '--to', to)).exitCode).toBe(0);
  expect(compareTrees(before, readTree(to))).toEqual([]);
});

test('a missing table or log is exit 5 too, by its name', async () => {
  using folder = project();
  const root = folder.path;
  const database = path.join(root, 'leveldb');
  await makeDatabase(database, fillLevels);
  for (const file of [firstWith(database, '.ldb'), firstWith(database, '.log')]) {
    const bytes = fs.readFileSync(file);
    fs.rmSync(file);
    const { exitCode, document } = await run(root, 'create', '--allow-partial');
    expect(exitCode).toBe(5);
    expect(JSON.stringify(document)).toContain(path.basename(file));
    fs.writeFileSync(file, bytes);
  }
});

test('RocksDB is refused whatever gives it away, and can be stored as plain files', async () => {
  using folder = project();
  const root = folder.path;
  const pair: [Buffer, Buffer] = [Buffer.from('k'), Buffer.from('v')];
  const database = path.join(root, 'leveldb');
  const signs: [string, () => void][] = [
    ['an OPTIONS file', () => put(database, 'OPTIONS-000005')],
    ['an IDENTITY file', () => put(database, 'IDENTITY')],
    ['the magic of a table', () => writeDatabase(database, [pair], { magic: ROCKSDB_MAGIC })],
    ['an edit that LevelDB does not know', () => writeDatabase(database, [pair], { extraEdit: Buffer.from([200, 1]) })],
  ];
  for (const [sign, make] of signs) {
    fs.rmSync(database, { recursive: true, force: true });
    writeDatabase(database, [pair]);
    make();
    const { exitCode, document } = await run(root, 'create');
    expect({ sign, exitCode, document }).toMatchObject({
      sign,
      exitCode: 5,
      document: { error: { code: 'DATABASE_FOREIGN' } },
    });
    expect(JSON.stringify(document)).toMatch(/--raw leveldb[. ]/);
  }
  expect((await run(root, 'create', '--raw', 'leveldb/current')).exitCode).toBe(0);
});

test.skipIf(process.platform === 'win32')(
  'a database of more tables than the process may open files is captured (not on Windows)',
  async () => {
    using folder = project();
    const root = folder.path;
    const pairs = Array.from({ length: 300 }, (_, at): [Buffer, Buffer] => [
      Buffer.from(`k${1000 + at}`),
      Buffer.from('v'),
    ]);
    const database = path.join(root, 'leveldb');
    writeDatabase(database, pairs, { tables: 100 });
    const before = readTree(database);
    const [program, ...args] = [...cliCommand(), 'create', '--json'];
    const limited = ['-c', 'ulimit -n 64 && exec "$0" "$@"', program, ...args];
    const { stdout, status } = spawnSync('sh', limited, { cwd: root, encoding: 'utf8' });
    expect(status, stdout).toBe(0);
    expect(JSON.parse(stdout).categories.leveldb.sources[0].databases).toMatchObject([{ records: 300, tables: 100 }]);
    expect(readTree(database)).toEqual(before);
    expect(fs.readdirSync(path.join(root, 'backups')).filter((name) => name.startsWith('.partial'))).toEqual([]);
  },
);

test('a database in no category is a finding of create and of validate', async () => {
  using folder = project();
  const root = folder.path;
  put(root, 'docs/a.md');
  await makeDatabase(path.join(root, 'var/cache/db'), async () => undefined);
  for (const command of ['create', 'validate']) {
    expect(JSON.stringify((await run(root, command)).document)).toContain('in no category: var/cache/db (LevelDB');
  }
});

test('a safety backup that holds nothing of a database says nothing of it; one that holds it says that it is not proven', async () => {
  using folder = project();
  const root = folder.path;
  put(root, 'docs/a.md', 'before');
  await makeDatabase(path.join(root, 'leveldb'), async (db) => db.put(Buffer.from('a'), Buffer.from('1')));
  await run(root, 'create');
  put(root, 'docs/a.md', 'after');
  const verifySafety = async (restored: Run) => {
    expect(restored.exitCode).toBe(0);
    const { exitCode, document } = await run(root, 'verify', String(restored.document['safetyBackup']));
    return { exitCode, status: document['status'], unproven: findings(document, 'database-not-proven').length };
  };
  const docs = await run(root, 'restore', '--only', 'docs', '--yes');
  expect(await verifySafety(docs)).toEqual({ exitCode: 0, status: 'PASSED', unproven: 0 });
  fs.writeFileSync(path.join(root, 'leveldb/CURRENT'), 'MANIFEST-999999\n');
  const all = await run(root, 'restore', '--yes');
  expect(await verifySafety(all)).toMatchObject({ exitCode: 0, status: 'WARNING' });
});
