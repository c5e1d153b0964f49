import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { whoHolds } from '../../../src/core/databases/leveldb/capture/holder.ts';
import { touchLock } from '../../../src/core/databases/locks/touch-lock.ts';
import { PROBE_SCRIPT } from '../../../src/core/databases/locks/try-lock.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const classicLevel = createRequire(import.meta.url).resolve('classic-level');
const HOLD = `const { ClassicLevel } = require(process.argv[1]);
const db = new ClassicLevel(process.argv[2]);
db.open().then(() => console.log('open'));
setInterval(() => {}, 1000);`;

/** Opens a database, writes and closes it until its input ends; says how often, and how often it was refused. */
const OPEN_AND_CLOSE = `const { ClassicLevel } = require(process.argv[1]);
let opens = 0;
let refused = 0;
let wasOpen = true;
let ended = false;
process.stdin.on('end', () => (ended = true)).resume();
(async () => {
  for (; !ended; opens++) {
    const db = new ClassicLevel(process.argv[2]);
    const isOpen = await db.open().then(() => true, () => false);
    if (isOpen) await db.put('key', String(opens));
    await db.close();
    // Whoever refuses it several times in a row is counted once.
    if (!isOpen && wasOpen) refused++;
    wasOpen = isOpen;
    if (opens === 0) console.log('begun');
  }
  console.log(JSON.stringify({ opens, refused }));
})();`;

/** Holds a database in another process until it is disposed. */
async function heldElsewhere(dir: string) {
  const child = spawn(process.execPath, ['-e', HOLD, classicLevel, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function makeDatabase(dir: string): Promise<void> {
  const db = new ClassicLevel(dir);
  await db.open();
  await db.close();
}

test('tells a held database from a free one and changes nothing', async () => {
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  await makeDatabase(dir);
  const lock = path.join(dir, 'LOCK');
  const before = fs.statSync(lock, { bigint: true });
  expect(await whoHolds(dir)).toMatchObject({ held: 'no' });
  expect(fs.statSync(lock, { bigint: true }).ctimeNs).toBe(before.ctimeNs);
  fs.rmSync(lock);
  expect(await whoHolds(dir)).toMatchObject({ held: 'no' });
  expect(fs.existsSync(lock)).toBe(false);
});

test('another process holds it', async () => {
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  await makeDatabase(dir);
  {
    await using holder = await heldElsewhere(dir);
    const pids = process.platform === 'linux' ? [holder.pid] : [];
    expect(await whoHolds(dir)).toMatchObject({ held: 'yes', pids });
    // Asking took nothing from it.
    expect(await whoHolds(dir)).toMatchObject({ held: 'yes' });
  }
  expect(await whoHolds(dir)).toMatchObject({ held: 'no' });
});

test('this process holds it, and still does after the question', async () => {
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  const db = new ClassicLevel(dir);
  await db.open();
  expect(await whoHolds(dir)).toMatchObject({ held: 'yes' });
  // Asked by a process that does not have it, whatever this one believes.
  const probe = { command: process.execPath, args: ['-e', PROBE_SCRIPT, '--', classicLevel] };
  expect(await whoHolds(dir, { probe })).toMatchObject({ held: 'yes' });
  await db.close();
  expect(await whoHolds(dir)).toMatchObject({ held: 'no' });
});

test.skipIf(process.platform === 'win32')('a package.json that is none says nothing about a lock', async () => {
  using temp = tempFolder();
  fs.writeFileSync(path.join(temp.path, 'package.json'), 'half');
  const lock = path.join(temp.path, 'LOCK');
  fs.writeFileSync(lock, '');
  const scratch = path.join(temp.path, 'scratch');
  fs.mkdirSync(scratch);
  fs.symlinkSync(lock, path.join(scratch, 'LOCK'));
  const args = ['-e', PROBE_SCRIPT, '--', classicLevel, scratch];
  expect(execFileSync(process.execPath, args, { cwd: temp.path, encoding: 'utf8' })).toBe('free\n');
});

test.runIf(process.platform === 'linux')(
  'a question hardly ever refuses whoever opens the database for moments',
  async () => {
    using folder = tempFolder();
    const dir = path.join(folder.path, 'db');
    await makeDatabase(dir);
    const writer = spawn(process.execPath, ['-e', OPEN_AND_CLOSE, classicLevel, dir], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(writer, 'exit');
    const said = writer.stdout.setEncoding('utf8')[Symbol.asyncIterator]();
    await said.next();
    const answers = { yes: 0, no: 0, unknown: 0 };
    // Each question that is answered with no was put while the database was closed.
    while (answers.no < 30 || answers.yes === 0) {
      answers[(await whoHolds(dir)).held]++;
      await sleep(5);
    }
    writer.stdin.end();
    const { opens, refused } = JSON.parse(String((await said.next()).value));
    await ended;
    expect(answers.unknown).toBe(0);
    expect(opens).toBeGreaterThan(refused);
    // A lock for as long as LevelDB needs to open a scratch database refuses it at nearly every question.
    expect(refused).toBeLessThan(10);
  },
);

test.skipIf(process.platform === 'win32')('a lock that no list shows is noticed', async () => {
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  await makeDatabase(dir);
  const lock = path.join(dir, 'LOCK');
  {
    await using _ = await heldElsewhere(dir);
    expect(await touchLock(lock)).toBe('held');
    expect(await touchLock(lock)).toBe('held');
  }
  expect(await touchLock(lock)).toBe('free');
  fs.rmSync(lock);
  expect(await touchLock(lock)).toMatch(/^unknown: /);
  expect(fs.existsSync(lock)).toBe(false);
});

test('what lies beside a LOCK, or is in it, stays', async () => {
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  await makeDatabase(dir);
  const beside = ['LOCK-wal', 'LOCK-journal'].map((name) => path.join(dir, name));
  for (const file of beside) fs.writeFileSync(file, 'mine');
  expect(await whoHolds(dir)).toMatchObject({ held: 'no' });
  for (const file of beside) expect(fs.readFileSync(file, 'utf8')).toBe('mine');
  for (const file of beside) fs.rmSync(file);
  fs.writeFileSync(path.join(dir, 'LOCK'), 'mine');
  expect(await whoHolds(dir)).toMatchObject({ held: 'no' });
  expect(fs.readFileSync(path.join(dir, 'LOCK'), 'utf8')).toBe('mine');
});
