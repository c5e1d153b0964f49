import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveProject } from '../../../src/core/config/project.ts';
import { create } from '../../../src/core/operations/create.ts';
import { verify } from '../../../src/core/operations/verify.ts';
import { SeededRandom } from '../../stress/leveldb/model.ts';
import { amount } from '../../support/effort.ts';
import { put } from '../../support/files.ts';
import { flipBit } from '../../support/flip-bit.ts';
import { context } from '../../support/real-backup.ts';
import { makeSqlite, makeSqliteWithWal } from '../../support/sqlite/make-sqlite.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/* A bit of a stored database that is not what it was: verify finds every one. Of a live database, what SQLite itself finds is said. */

const temp = tempFolder();
const root = path.join(temp.path, 'project');
const random = new SeededRandom(1);
const take = () => create(resolveProject({ cwd: root, env: {} }), { verify: true, allowPartial: false }, context);

beforeAll(() =>
  put(
    root,
    'migbackup.config.json',
    JSON.stringify({ categories: { state: { sources: { data: { path: 'data' } } } } }),
  ),
);
afterAll(() => temp[Symbol.dispose]());

test('every flipped bit in the archive of a database is reported', { timeout: 600_000 }, async () => {
  makeSqliteWithWal(path.join(root, 'data/app.db'), { rows: 200, text: 'old' });
  const { backupId } = await take();
  const folder = path.join(root, 'backups', backupId);
  const archive = path.join(folder, 'state.tar.zst');
  const audit = () => verify({ id: backupId, folder, dispose() {} }, { mode: 'full', repository: null }, context);
  expect(await audit()).toMatchObject({ status: 'PASSED' });
  const missed: string[] = [];
  for (let flip = 0; flip < amount(25, 400); flip++) {
    const [byte, bit] = [random.next() % fs.statSync(archive).size, random.next() % 8];
    flipBit(archive, byte, bit);
    const { status } = await audit();
    if (status !== 'FAILED') missed.push(`byte ${byte} bit ${bit}`);
    flipBit(archive, byte, bit);
  }
  expect(missed).toEqual([]);
  expect(await audit()).toMatchObject({ status: 'PASSED' });
});

test('a page of a live database that integrity_check finds is a finding, and what it says is in the manifest', async () => {
  const file = path.join(root, 'data/app.db');
  for (const part of ['', '-wal']) fs.rmSync(file + part, { force: true });
  makeSqlite(file, { rows: 300 });
  const database = new DatabaseSync(file);
  database.exec('CREATE INDEX by_text ON t (v, pad)');
  const [index] = database
    .prepare(
      "SELECT rootpage, (SELECT page_size FROM pragma_page_size) AS size FROM sqlite_schema WHERE name = 'by_text'",
    )
    .all();
  database.close();
  // The number of cells of the root page of an index: its rows are not where the table has them.
  const at = (Number(index?.['rootpage']) - 1) * Number(index?.['size']) + 4;
  flipBit(file, at, 0);
  const { findings } = await take();
  expect(findings).toContainEqual(
    expect.objectContaining({
      code: 'database-unsound',
      severity: 'warning',
      message: expect.stringContaining('data/app.db: PRAGMA integrity_check says: '),
    }),
  );
});
