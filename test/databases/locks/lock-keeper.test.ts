import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import { expect, test } from 'vitest';
import { LEVELDB } from '../../../src/core/databases/leveldb/engine.ts';
import { whoHolds } from '../../../src/core/databases/leveldb/capture/holder.ts';
import { LockLease } from '../../../src/core/databases/locks/hold-locks.ts';
import { KEEPER_SCRIPT } from '../../../src/core/databases/locks/lock-keeper.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const classicLevel = createRequire(import.meta.url).resolve('classic-level');
const PAIRS = [[Buffer.from('key'), Buffer.from('value')]] as const;

/** What LevelDB says when somebody opens the database. */
async function open(dir: string): Promise<string> {
  const db = new ClassicLevel(dir);
  try {
    await db.open();
    return 'opened';
  } catch (error) {
    const cause = error instanceof Error ? error.cause : error;
    return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  } finally {
    await db.close();
  }
}

test.skipIf(process.platform === 'win32')(
  'a lock is held, by whatever name its folder has, until it is let go',
  async () => {
    using temp = tempFolder();
    const [dir, moved] = ['db', 'moved'].map((name) => path.join(temp.path, name));
    if (dir === undefined || moved === undefined) throw new Error('two names');
    writeDatabase(dir, PAIRS);
    const time = fs.statSync(dir).mtimeMs;
    const lease = new LockLease();
    expect(fs.existsSync(path.join(dir, 'LOCK'))).toBe(false);
    expect(await lease.hold(LEVELDB.lockOf(dir))).toMatchObject({ held: 'no' });
    // A LOCK that was missing was made, and the folder's time is what it was.
    expect(fs.existsSync(path.join(dir, 'LOCK'))).toBe(true);
    expect(Math.abs(fs.statSync(dir).mtimeMs - time)).toBeLessThan(1);
    expect(await open(dir)).toBe('LEVEL_LOCKED');
    fs.renameSync(dir, moved);
    expect(await open(moved)).toBe('LEVEL_LOCKED');
    // Asked again it is still ours, and a second lease does not get it.
    expect(await lease.hold(LEVELDB.lockOf(moved))).toMatchObject({ held: 'no' });
    expect(await open(moved)).toBe('LEVEL_LOCKED');
    expect(await new LockLease().hold(LEVELDB.lockOf(moved))).toMatchObject({ held: 'yes' });
    expect(await whoHolds(moved)).toMatchObject({ held: 'no' });
    await lease.release();
    expect(await open(moved)).toBe('opened');
  },
);

test('a database that somebody has open is not ours, and stays his', async () => {
  using temp = tempFolder();
  const dir = path.join(temp.path, 'db');
  const db = new ClassicLevel(dir);
  await db.open();
  const lease = new LockLease();
  const pids = process.platform === 'linux' ? [process.pid] : [];
  expect(await lease.hold(LEVELDB.lockOf(dir))).toMatchObject({ held: 'yes', pids });
  expect(await lease.hold(LEVELDB.lockOf(dir))).toMatchObject({ held: 'yes' });
  await db.put('still', 'mine');
  await db.close();
  expect(await lease.hold(LEVELDB.lockOf(dir))).toMatchObject({ held: 'no' });
  await lease.release();
});

test.skipIf(process.platform === 'win32')('it lets go when the process that started it is killed', async () => {
  using temp = tempFolder();
  const dir = path.join(temp.path, 'db');
  writeDatabase(dir, PAIRS);
  const parent = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', process.argv[1], '--', process.argv[2]], {
      stdio: ['pipe', 'inherit', 'inherit'], detached: false });
    child.stdin.write(JSON.stringify({ lease: 1, hold: process.argv[3] + '/LOCK', make: true, scratch: [process.argv[3] + '-scratch-'] }) + '\\n');
    setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ['-e', parent, '--', KEEPER_SCRIPT, classicLevel, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(starter.stdout, 'data');
  expect(String(said)).toBe('"mine"\n');
  expect(await open(dir)).toBe('LEVEL_LOCKED');
  starter.kill('SIGKILL');
  await once(starter, 'exit');
  let answer = await open(dir);
  for (let tries = 0; answer !== 'opened' && tries < 200; tries++) {
    await sleep(50);
    answer = await open(dir);
  }
  expect(answer).toBe('opened');
});
