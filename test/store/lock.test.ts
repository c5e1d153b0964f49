import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock } from '../../src/core/store/lock.ts';
import { tempFolder } from '../support/temp-folder.ts';

const LOCK = JSON.stringify(new URL('../../src/core/store/lock.ts', import.meta.url).href);

test('a second taker is told who holds it; after release it is free', () => {
  using folder = tempFolder();
  const lock = acquireLock(folder.path, 'create');
  expect(() => acquireLock(folder.path, 'restore')).toThrow(
    expect.objectContaining({ code: 'LOCKED', message: expect.stringContaining(`create (pid ${process.pid}`) }),
  );
  lock.release();
  acquireLock(folder.path, 'restore').release();
});

test('a holder killed by SIGKILL blocks nobody; until then it holds, also if nothing refers to its lock', async () => {
  using folder = tempFolder();
  const script = `import { acquireLock } from ${LOCK};
    acquireLock(${JSON.stringify(folder.path)}, 'create');
    setTimeout(() => { gc(); console.log('held'); }, 10);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script]);
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  await once(child.stdout, 'data');
  expect(() => acquireLock(folder.path, 'create')).toThrow(expect.objectContaining({ code: 'LOCKED' }));
  child.kill('SIGKILL');
  await once(child, 'close');
  acquireLock(folder.path, 'create').release();
  expect(stderr).toBe('');
});

test('several processes never hold it at once', { timeout: 30_000 }, async () => {
  using folder = tempFolder();
  const log = path.join(folder.path, 'log');
  // Each holder appends "+" and "-" around its work: any other order than "+-+-…" is two holders at once.
  const script = `import { appendFileSync } from 'node:fs'; import { acquireLock } from ${LOCK};
    for (let taken = 0; taken < 50; ) {
      let lock; try { lock = acquireLock(${JSON.stringify(folder.path)}, 'x'); }
      catch (error) { if (error.code !== 'LOCKED') throw error; await new Promise((go) => setTimeout(go, 2)); continue; }
      appendFileSync(${JSON.stringify(log)}, '+'); appendFileSync(${JSON.stringify(log)}, '-'); taken++;
      lock.release(); await new Promise((go) => setTimeout(go, 1));
    }`;
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]));
  expect(codes).toEqual([0, 0, 0, 0]);
  expect(readFileSync(log, 'utf8')).toBe('+-'.repeat(200));
});
