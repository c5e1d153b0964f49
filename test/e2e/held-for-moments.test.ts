import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import { expect, test } from 'vitest';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { runCli } from '../support/run-cli.ts';

const project = eachSampleProject();
const CLASSIC_LEVEL = createRequire(import.meta.url).resolve('classic-level');

/** A service that opens the database again and again, has it for three quarters of the time, and writes a key each time. */
const SERVICE = `
const { ClassicLevel } = require(${JSON.stringify(CLASSIC_LEVEL)});
const fs = require('node:fs');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
(async () => {
  for (let next = 0; !fs.existsSync('../stop'); ) {
    const db = new ClassicLevel('leveldb', { createIfMissing: false });
    try {
      await db.open();
      const key = 'service:' + next++;
      await db.put(key, 'written', { sync: true });
      fs.appendFileSync('../acknowledged', key + '\\n');
      await sleep(60);
    } catch {
      fs.appendFileSync('../refused', '.');
    }
    await db.close().catch(() => {});
    await sleep(20);
  }
})();
`;

async function keysOf(folder: string): Promise<string[]> {
  const db = new ClassicLevel(folder, { createIfMissing: false });
  const keys = await db.keys().all();
  await db.close();
  return keys;
}

test.skipIf(process.platform === 'win32')(
  'a database that is opened only for moments stops no guard, restore or undo, and no write is lost',
  { timeout: 120_000 },
  async () => {
    const service = spawn(process.execPath, ['-e', SERVICE], { cwd: project.root, stdio: 'ignore' });
    const ended = once(service, 'exit');
    const acknowledged = path.join(project.outside, 'acknowledged');
    while (!existsSync(acknowledged)) await sleep(5);
    const { backupId } = JSON.parse((await runCli(['create', '--json'], { cwd: project.root })).stdout);
    const safety: string[] = [];
    const commands: [number, string[]][] = [
      [20, ['guard', '--json', '--', 'sh', '-c', 'echo half > package.json; sleep 0.2; exit 1']],
      [0, ['restore', backupId, '--yes', '--json']],
      [0, ['undo', '--yes', '--json']],
    ];
    for (const [exitCode, args] of commands) {
      const run = await runCli(args, { cwd: project.root });
      expect(run, run.stdout + run.stderr).toMatchObject({ exitCode });
      safety.push(JSON.parse(run.stdout).safetyBackup);
    }
    writeFileSync(path.join(project.outside, 'stop'), '');
    await ended;
    const found = new Set(await keysOf(path.join(project.root, 'leveldb')));
    for (const id of safety) {
      const target = path.join(project.outside, id);
      expect(await runCli(['restore', id, '--to', target], { cwd: project.root })).toMatchObject({ exitCode: 0 });
      for (const key of await keysOf(path.join(target, 'leveldb'))) found.add(key);
    }
    const written = readFileSync(acknowledged, 'utf8').trim().split('\n');
    expect(written.filter((key) => !found.has(key))).toEqual([]);
    // They met: it was refused while a change held the lock.
    expect(existsSync(path.join(project.outside, 'refused'))).toBe(true);
  },
);
