import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { expect, test } from 'vitest';
import { whoHolds } from '../../../src/core/databases/leveldb/capture/holder.ts';
import { PROBE_SCRIPT } from '../../../src/core/databases/locks/try-lock.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const classicLevel = createRequire(import.meta.url).resolve('classic-level');
const HOLD = `const { ClassicLevel } = require(process.argv[1]);
const db = new ClassicLevel(process.argv[2]);
db.open().then(() => console.log('open'));
setInterval(() => {}, 1000);`;

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
