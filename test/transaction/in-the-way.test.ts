import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { KeepOut } from '../../src/core/change/keep-out.ts';
import type { SetAside, Surroundings } from '../../src/core/transaction/set-aside.ts';
import { recoverTransaction } from '../../src/core/transaction/transaction.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { connectionElsewhere } from '../support/sqlite/connection-elsewhere.ts';
import { makeSqlite } from '../support/sqlite/make-sqlite.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { isPlacing, withFault } from './support/faults.ts';
import { withIntruder } from './support/intruder.ts';
import { apply, file, folder, put, wanted } from './support/small-project.ts';

const NEW = wanted(folder('db'), file('db/CURRENT', 'new'), file('db/MANIFEST-000001', 'new'));
const FOLDER = { mirrored: ['db'] };
const classicLevel = createRequire(import.meta.url).resolve('classic-level');

/** A project with an old `db/`, and what is set aside in it. */
function scene() {
  const temp = tempFolder();
  const root = path.join(temp.path, 'project');
  put(root, 'db/CURRENT', 'old');
  put(root, 'db/MANIFEST-000001', 'old');
  const found: SetAside[] = [];
  const around: Surroundings = { keepOut: () => Promise.resolve(), onSetAside: (each) => void found.push(each) };
  return { temp, root, db: path.join(root, 'db'), found, around };
}

const read = (folderOf: string): string => fs.readFileSync(path.join(folderOf, 'CURRENT'), 'utf8');

test('a database that somebody makes where the folder is away is moved aside whole, kept and named', async () => {
  const { temp, root, db, found, around } = scene();
  using _ = temp;
  const intrude = (): void => writeDatabase(db, [[Buffer.from('of'), Buffer.from('somebody')]]);
  const work = () => apply(root, NEW, { ...FOLDER, surroundings: around });
  expect(await withIntruder(root, 'db', intrude, work)).toMatchObject({ intruded: true, value: expect.any(String) });
  expect(read(db)).toBe('new');
  expect(found).toEqual([{ path: 'db', why: 'made', kept: path.join(root, '.migbackup/set-aside-test-1/1/db') }]);
  expect(fs.readdirSync(found[0]?.kept ?? '')).toContain('MANIFEST-000004');
});

test('a folder that holds nothing but LOCK and LOG is no obstacle', async () => {
  const { temp, root, db, found, around } = scene();
  using _ = temp;
  const intrude = (): void => {
    put(root, 'db/LOCK', '');
    put(root, 'db/LOG', 'chatter');
  };
  const work = () => apply(root, NEW, { ...FOLDER, surroundings: around });
  expect(await withIntruder(root, 'db', intrude, work)).toMatchObject({ intruded: true, value: expect.any(String) });
  expect(read(db)).toBe('new');
  expect(found).toEqual([{ path: 'db', why: 'made', kept: null }]);
  expect(fs.readdirSync(path.join(root, '.migbackup'))).toEqual(['committed-test-1']);
});

test('on the way back, too', async () => {
  const { temp, root, db, found, around } = scene();
  using _ = temp;
  const check = (): void => {
    fs.renameSync(db, path.join(root, '.migbackup/txn/stage/0'));
    put(root, 'db/CURRENT', 'of somebody');
    throw new Error('the check failed');
  };
  await expect(apply(root, NEW, { ...FOLDER, check, surroundings: around })).rejects.toThrow('the check failed');
  expect(read(db)).toBe('old');
  expect(found).toMatchObject([{ why: 'made' }]);
  expect(read(found[0]?.kept ?? '')).toBe('of somebody');
});

test('what is taken back goes only where it is byte for byte what was staged', async () => {
  const { temp, root, db, found, around } = scene();
  using _ = temp;
  const check = (): void => {
    put(root, 'db/000007.log', 'acknowledged');
    throw new Error('the check failed');
  };
  await expect(apply(root, NEW, { ...FOLDER, check, surroundings: around })).rejects.toThrow('the check failed');
  expect(read(db)).toBe('old');
  expect(found).toMatchObject([{ path: 'db', why: 'changed' }]);
  expect(fs.readFileSync(path.join(found[0]?.kept ?? '', '000007.log'), 'utf8')).toBe('acknowledged');
  // LOCK and LOG are nobody's data.
  const chatter = (): void => {
    put(root, 'db/LOG', 'chatter');
    throw new Error('the check failed');
  };
  await expect(apply(root, NEW, { ...FOLDER, check: chatter, surroundings: around })).rejects.toThrow('check failed');
  expect(found).toHaveLength(1);
});

test('whoever makes it anew for ever ends it after a bounded number of attempts, and nothing of his is lost', async () => {
  const { temp, root, db, found, around } = scene();
  using _ = temp;
  let made = 0;
  const work = () => apply(root, NEW, { ...FOLDER, surroundings: around });
  const { error } = await withFault(null, work, (name, args) => {
    // Right before something is moved into the place.
    if (name === 'renameSync' && String(args[1]) === db && !fs.existsSync(db)) put(root, `db/${made++}`, 'of somebody');
    return false;
  });
  expect(error).toMatchObject({ code: 'ROLLBACK_FAILED' });
  expect(found.length).toBeGreaterThan(10);
  const kept = found.flatMap((each) => (each.kept === null ? [] : fs.readdirSync(each.kept)));
  expect(new Set(kept).size).toBe(found.length);
  expect(await recoverTransaction(root, around)).toBe('taken-back');
  expect(read(db)).toBe('old');
});

/** A restore that is killed while the folder is away. */
async function killWhileAway(root: string): Promise<void> {
  let dead = false;
  await withFault(
    null,
    () => apply(root, NEW, FOLDER),
    (name, args) => {
      dead ||= name === 'renameSync' && String(args[1]) === path.join(root, 'db');
      if (dead) throw new Error('killed');
      return false;
    },
  );
  expect(fs.existsSync(path.join(root, 'db'))).toBe(false);
}

const WRITE = `const { ClassicLevel } = require(process.argv[1]);
const db = new ClassicLevel(process.argv[2]);
db.open().then(() => db.put('of', 'somebody')).then(() => {
  console.log('written');
  if (process.argv[3] === 'stay') setInterval(() => {}, 1000);
});`;

test('recover finds a database in the place that a killed restore had left empty: it finishes, and keeps it', async () => {
  const { temp, root, db, found, around } = scene();
  using _ = temp;
  await killWhileAway(root);
  expect(spawnSync(process.execPath, ['-e', WRITE, classicLevel, db, 'go']).status).toBe(0);
  expect(await recoverTransaction(root, around)).toBe('completed');
  expect(read(db)).toBe('new');
  expect(found).toMatchObject([{ path: 'db', why: 'made' }]);
  expect(fs.readdirSync(found[0]?.kept ?? '')).toContain('CURRENT');
});

test('somebody who stays in it is not moved under his feet: recover says who, and works once he has gone', async () => {
  const { temp, root, db } = scene();
  using _ = temp;
  await killWhileAway(root);
  const child = spawn(process.execPath, ['-e', WRITE, classicLevel, db, 'stay'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  await once(child.stdout, 'data');
  const locks = new KeepOut(root);
  try {
    await expect(recoverTransaction(root, locks)).rejects.toMatchObject({
      code: 'ROLLBACK_FAILED',
      message: expect.stringContaining(
        process.platform === 'linux' ? `in use by another process (pid ${child.pid})` : 'use',
      ),
      hint: expect.stringMatching(/Stop the process that uses it, then run: migbackup recover$/),
    });
    expect(fs.existsSync(path.join(db, 'CURRENT'))).toBe(true);
    child.kill('SIGKILL');
    await gone;
    await sleep(10);
    expect(await recoverTransaction(root, locks)).toBe('taken-back');
    expect(read(db)).toBe('old');
    expect(locks.setAside).toMatchObject([{ path: 'db', why: 'made' }]);
  } finally {
    child.kill('SIGKILL');
    await locks.release();
  }
});

test('recover asks for no database that it does not move: one of the same folder may be in use', async () => {
  const { temp, root } = scene();
  using _ = temp;
  makeSqlite(path.join(root, 'other/app.db'), { mode: 'wal', rows: 5 });
  makeSqlite(path.join(root, 'app.db'), { mode: 'wal', rows: 5 });
  put(root, 'a.json', 'old');
  const selection = wanted(file('a.json', 'new'));
  let dead = false;
  await withFault(
    null,
    () => apply(root, selection),
    (name, [, to]) => {
      dead ||= name === 'renameSync' && String(to).includes('/aside/');
      if (dead) throw new Error('killed');
      return false;
    },
  );
  expect(dead).toBe(true);
  await using beside = connectionElsewhere(path.join(root, 'app.db'));
  await using below = connectionElsewhere(path.join(root, 'other/app.db'));
  for (const service of [beside, below])
    expect([await service.ask('open'), await service.ask('SELECT count(*) FROM t')]).toEqual(['opened', '["5"]']);
  const locks = new KeepOut(root);
  try {
    expect(await recoverTransaction(root, locks)).toBe('completed');
    expect(fs.readFileSync(path.join(root, 'a.json'), 'utf8')).toBe('new');
    for (const service of [beside, below]) expect(await service.ask('SELECT count(*) FROM t')).toBe('["5"]');
  } finally {
    await locks.release();
  }
});

test('who has opened a database that had to make way is waited for, and named', async () => {
  const { temp, root } = scene();
  using _ = temp;
  const target = path.join(root, 'app.db');
  makeSqlite(target, { mode: 'wal', rows: 5 });
  let dead = false;
  await withFault(
    null,
    () => apply(root, wanted(file('app.db', `SQLite format 3\0`.padEnd(512, '.')))),
    (name, [, to]) => {
      dead ||= isPlacing(name) && String(to) === target;
      if (dead) throw new Error('killed');
      return false;
    },
  );
  expect(fs.existsSync(target)).toBe(false);
  makeSqlite(target, { mode: 'wal', rows: 7 });
  await using service = connectionElsewhere(target);
  // It has read nothing yet, so it has no lock.
  expect(await service.ask('open')).toBe('opened');
  const locks = new KeepOut(root, undefined, 50);
  try {
    expect(await recoverTransaction(root, locks)).toBe('completed');
    expect(locks.setAside).toMatchObject([{ path: 'app.db', why: 'made' }]);
    expect(await service.ask('SELECT count(*) FROM t')).toBe('database is locked');
    const staying = await locks.whoStays(undefined);
    if (process.platform === 'linux')
      expect(staying).toMatchObject([
        { code: 'database-still-open', path: 'app.db', evidence: { pids: [service.pid] } },
      ]);
    expect(await service.ask('close')).toBe('closed');
    expect(await locks.whoStays(undefined)).toEqual([]);
  } finally {
    await locks.release();
  }
});
