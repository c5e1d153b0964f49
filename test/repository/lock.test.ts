import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock } from '../../src/core/repository/lock.ts';
import { amount } from '../support/effort.ts';
import { tempFolder } from '../support/temp-folder.ts';

const LOCK = JSON.stringify(new URL('../../src/core/repository/lock.ts', import.meta.url).href);

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

/** Takes by each of four processes. */
const TAKES = amount(50, 300);
const TAKERS = 4;

interface Contention {
  readonly takes: number;
  readonly refused: number;
  /** Times that somebody took it while somebody else held it. */
  readonly doubles: number;
}

/**
 * Each holder appends "+" and "-" around its work: any other order than "+-+-…" is two holders at once. One of which `dies` says so
 * ends itself by SIGKILL while it holds the lock, and another takes its place.
 */
async function contend(folder: string, open: string, dies: (taken: number) => boolean): Promise<Contention> {
  const log = path.join(folder, 'log');
  const script = `import { appendFileSync, writeSync } from 'node:fs'; import { acquireLock } from ${LOCK};
    const acquire = ${open};
    for (let taken = Number(process.argv[1]); taken < ${TAKES}; ) {
      let lock; try { lock = acquire(); }
      catch (error) { if (error.code !== 'LOCKED') throw error; writeSync(1, '.'); await new Promise((go) => setTimeout(go, 2)); continue; }
      appendFileSync(${JSON.stringify(log)}, '+');
      const until = performance.now() + 1; while (performance.now() < until);
      appendFileSync(${JSON.stringify(log)}, '-'); taken++;
      if ((${String(dies)})(taken)) process.kill(process.pid, 'SIGKILL');
      lock.release(); await new Promise((go) => setTimeout(go, 1));
    }
`;
  let refused = 0;
  const take = async (taken: number): Promise<void> => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, String(taken)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (said) => (refused += String(said).length));
    const [code, signal] = await once(child, 'close');
    const died = Array.from({ length: TAKES }, (_, nth) => nth + 1).find((nth) => nth > taken && dies(nth));
    if (died === undefined) expect([code, signal]).toEqual([0, null]);
    else {
      expect(signal).toBe('SIGKILL');
      await take(died);
    }
  };
  await Promise.all(Array.from({ length: TAKERS }, () => take(0)));
  const said = readFileSync(log, 'utf8');
  const doubles = said.split('++').length - 1;
  if (doubles === 0) expect(said).toBe('+-'.repeat(said.length / 2));
  return { takes: said.length / 2, refused, doubles };
}

const LONG = { timeout: 120_000 };

test(
  'several processes never hold it at once, and those that are killed while they hold it block nobody',
  LONG,
  async () => {
    using folder = tempFolder();
    const open = `() => acquireLock(${JSON.stringify(folder.path)}, 'x')`;
    const seen = await contend(folder.path, open, (taken) => taken % 25 === 0);
    process.stdout.write(`lock: ${JSON.stringify(seen)}, every 25th holder killed\n`);
    expect(seen).toEqual({ takes: TAKERS * TAKES, refused: expect.any(Number), doubles: 0 });
    expect(seen.refused).toBeGreaterThan(TAKES);
  },
);

test('a lock that does not lock is seen', LONG, async () => {
  using folder = tempFolder();
  const seen = await contend(folder.path, '() => ({ release() {} })', () => false);
  process.stdout.write(`no lock: ${JSON.stringify(seen)}\n`);
  expect(seen.doubles).toBeGreaterThan(0);
});
