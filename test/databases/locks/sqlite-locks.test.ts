import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { LockLease } from '../../../src/core/databases/locks/hold-locks.ts';
import { untilClosed, whoHasOpen } from '../../../src/core/databases/locks/who-has-open.ts';
import { SQLITE } from '../../../src/core/databases/sqlite/engine.ts';
import { connectionElsewhere } from '../../support/sqlite/connection-elsewhere.ts';
import { JOURNAL_MODES, makeSqlite, makeSqliteWithWal, textsIn } from '../../support/sqlite/make-sqlite.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const WINDOWS = process.platform === 'win32';
const LINUX = process.platform === 'linux';
const LOCKED = 'database is locked';

/** Its bytes, its place and its times, and what is beside it. */
function traces(file: string): unknown {
  const { ino, mtimeNs, ctimeNs } = fs.statSync(file, { bigint: true });
  const hash = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
  return [hash, ino, mtimeNs, ctimeNs, fs.readdirSync(path.dirname(file))];
}

/** What another process is told that opens it, reads and writes. */
async function use(file: string, readOnly: boolean): Promise<string[]> {
  await using other = connectionElsewhere(file, { readOnly });
  await other.ask('open');
  const read = await other.ask('SELECT count(*) FROM t');
  return readOnly ? [read] : [read, await other.ask("UPDATE t SET v = 'used' WHERE id = 1")];
}

test.skipIf(WINDOWS).each([...JOURNAL_MODES, 'wal with frames'] as const)(
  'journal mode %s: nobody reads or writes a database that is held, and nothing of it changes',
  async (mode) => {
    using temp = tempFolder();
    const file = path.join(temp.path, 'a.db');
    if (mode === 'wal with frames') makeSqliteWithWal(file, { rows: 300, text: 'old' });
    else makeSqlite(file, { mode });
    const before = traces(file);
    const lease = new LockLease();
    expect(await lease.hold(SQLITE.lockOf(file))).toMatchObject({ held: 'no' });
    expect(await lease.hold(SQLITE.lockOf(file))).toMatchObject({ held: 'no' });
    expect(await new LockLease().hold(SQLITE.lockOf(file))).toMatchObject({ held: 'yes' });
    expect(await use(file, true)).toEqual([LOCKED]);
    expect(await use(file, false)).toEqual([LOCKED, LOCKED]);
    expect(traces(file)).toEqual(before);
    await lease.release();
    expect(traces(file)).toEqual(before);
    expect(await use(file, false)).toEqual(['["300"]', '[]']);
    expect(textsIn(file)).toMatch(/^ok: .*1 used$/);
  },
);

test.skipIf(WINDOWS).each([
  { who: 'a connection in WAL mode, also between two transactions,', mode: 'wal', statement: 'SELECT count(*) FROM t' },
  { who: 'a writer', mode: 'delete', statement: 'BEGIN IMMEDIATE' },
] as const)('$who has the database, and keeps it', async ({ mode, statement }) => {
  using temp = tempFolder();
  const file = path.join(temp.path, 'a.db');
  makeSqlite(file, { mode });
  const lease = new LockLease();
  {
    await using other = connectionElsewhere(file);
    await other.ask('open');
    await other.ask(statement);
    const pids = LINUX ? [other.pid] : [];
    expect(await lease.hold(SQLITE.lockOf(file))).toMatchObject({ held: 'yes', pids });
    // Trying took nothing from it.
    expect(await other.ask("UPDATE t SET v = 'mine' WHERE id = 1")).toBe('[]');
  }
  expect(await lease.hold(SQLITE.lockOf(file))).toMatchObject({ held: 'no' });
  await lease.release();
});

test.skipIf(WINDOWS)('a database file that is not there is not made', async () => {
  using temp = tempFolder();
  const lease = new LockLease();
  expect(await lease.hold(SQLITE.lockOf(path.join(temp.path, 'a.db')))).toMatchObject({ held: 'no' });
  fs.symlinkSync(path.join(temp.path, 'gone.db'), path.join(temp.path, 'link.db'));
  expect(await lease.hold(SQLITE.lockOf(path.join(temp.path, 'link.db')))).toMatchObject({ held: 'unknown' });
  expect(fs.readdirSync(temp.path)).toEqual(['link.db']);
  await lease.release();
});

const STATE = 'ok: 334 new, 166 new in wal';

/** Two databases; `exchange` puts the new one and its `-wal` into the place of the old one, as a restore does. */
function oldAndNew(folder: string) {
  const [file, fresh, aside] = [`${folder}/a.db`, `${folder}/new.db`, `${folder}/aside.db`] as const;
  makeSqlite(file);
  makeSqliteWithWal(fresh, { rows: 500, text: 'new' });
  const exchange = (): void => {
    fs.renameSync(file, aside);
    for (const part of ['', '-wal']) fs.renameSync(fresh + part, file + part);
  };
  return { file, old: fs.statSync(file, { bigint: true }), exchange };
}

test(
  'who had opened the old file writes into the new one’s -wal with it, and ruins it',
  {
    skip: WINDOWS,
  },
  async () => {
    using temp = tempFolder();
    const { file, exchange } = oldAndNew(temp.path);
    await using other = connectionElsewhere(file);
    await other.ask('open');
    exchange();
    expect(await other.ask("UPDATE t SET v = 'ruined' WHERE id < 4")).toBe('[]');
    await other.ask('close');
    expect(textsIn(file)).not.toBe(STATE);
  },
);

test('he cannot while the old file is held until he has gone, by whatever name', { skip: !LINUX }, async () => {
  using temp = tempFolder();
  const { file, old, exchange } = oldAndNew(temp.path);
  const lease = new LockLease();
  expect(await lease.hold(SQLITE.lockOf(file))).toMatchObject({ held: 'no' });
  await using other = connectionElsewhere(file);
  await other.ask('open');
  exchange();
  fs.rmSync(`${temp.path}/aside.db`);
  expect(await other.ask("UPDATE t SET v = 'ruined' WHERE id < 4")).toBe(LOCKED);
  expect(whoHasOpen([old])).toMatchObject({ held: 'yes', pids: [other.pid] });
  expect(await untilClosed([old], { patienceMs: 50 })).toMatchObject({ held: 'yes', pids: [other.pid] });
  const gone = untilClosed([old], { patienceMs: 20_000 });
  await other.ask('close');
  expect(await gone).toMatchObject({ held: 'no', pids: [] });
  await lease.release();
  expect(textsIn(file)).toBe(STATE);
});
