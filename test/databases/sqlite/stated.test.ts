import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { recordLines } from '../../support/sqlite/record-lines.ts';
import { proveFile } from '../../support/sqlite/prove-file.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** A project whose only source is a folder `data` with the database `a.db`. */
function project(root: string, make: (db: DatabaseSync) => void): string {
  fs.mkdirSync(path.join(root, 'data'), { recursive: true });
  fs.writeFileSync(path.join(root, 'package.json'), '{"name":"p"}');
  const config = { categories: { app: { sources: { d: { path: 'data' } } } } };
  fs.writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify(config));
  const file = path.join(root, 'data/a.db');
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false, defensive: false });
  make(db);
  db.close();
  return file;
}

async function json(root: string, ...args: string[]): Promise<Record<string, unknown>> {
  const run = await runCli([...args, '--json'], { cwd: root });
  expect(run.exitCode, run.stdout + run.stderr).toBe(0);
  const report: Record<string, unknown> = JSON.parse(run.stdout);
  return report;
}

test('tables that are called as what JavaScript inherits are stored, stated and read', async () => {
  using folder = tempFolder();
  const root = path.join(folder.path, 'p');
  const names = ['__proto__', String.raw`\__proto__`, 'constructor', 'toString', 'hasOwnProperty'];
  const file = project(root, (db) => {
    for (const name of names) db.exec(`CREATE TABLE "${name}"("__proto__"); INSERT INTO "${name}" VALUES ('v')`);
  });
  const { tables } = await proveFile(file);
  const stated = [String.raw`\__proto__`, String.raw`\\__proto__`, ...names.slice(2)];
  expect(new Map(Object.entries(tables))).toEqual(new Map(stated.map((name) => [name, 1])));
  expect(await recordLines(file, '__proto__/')).toEqual(['__proto__/1 {"__proto__":"v"}']);
  await json(root, 'create');
  expect(await json(root, 'verify')).toMatchObject({ status: 'PASSED' });
  expect(await json(root, 'db', 'digest', 'latest:data/a.db')).toMatchObject({ agrees: true });
  expect((await runCli(['db', 'get', 'latest:data/a.db', '__proto__/1'], { cwd: root })).stdout).toBe(
    '{"__proto__":"v"}',
  );
});
