import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { acquireLock } from '../../src/core/repository/lock.ts';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { cleanEnvironment, cliCommand, runCli } from '../support/run-cli.ts';

const project = eachSampleProject();
const undo = () => runCli(['undo', '--yes'], { cwd: project.root });

interface Guarded {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What guard has said so far, whether it has ended, and how it gets a signal. */
interface Watched {
  readonly said: () => string;
  readonly ended: () => boolean;
  readonly signal: (name: NodeJS.Signals) => void;
}
/** How long somebody else holds the lock when the command has ended, and what happens meanwhile. */
type Meanwhile = (guard: Watched) => Promise<void>;

/** Guards a command that destroys something and exits with `code`, and at its end another process (this one) holds the lock in `folder`. */
async function guardWhileHeld(
  folder: string,
  code: number,
  meanwhile: Meanwhile,
  flags: readonly string[] = [],
): Promise<Guarded> {
  const script = `cd ..; touch ready; while [ ! -e go ]; do sleep 0.01; done; cd project; rm -r scripts; exit ${code}`;
  const [program, ...leading] = cliCommand();
  const args = [...leading, 'guard', '--json', ...flags, '--', 'sh', '-c', script];
  const child = spawn(program, args, { cwd: project.root, env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const closed = once(child, 'close');
  while (!existsSync(path.join(project.outside, 'ready'))) await sleep(5);
  const lock = acquireLock(path.join(project.root, folder), 'create');
  try {
    writeFileSync(path.join(project.outside, 'go'), '');
    await meanwhile({
      said: () => stderr,
      ended: () => child.exitCode !== null,
      signal: (name) => child.kill(name),
    });
  } finally {
    lock.release();
  }
  const [exitCode] = await closed;
  return { exitCode, stdout, stderr };
}

async function until(happened: () => boolean): Promise<void> {
  for (let waits = 0; waits < 1000 && !happened(); waits++) await sleep(10);
}

const WAITING = new RegExp(`locked by migbackup create \\(pid ${process.pid} on .*; waiting for it, at most 30 s`);

describe('while another migbackup holds a lock', () => {
  test('a command that failed waits for its way back, and a signal does not cut that short', async () => {
    const run = await guardWhileHeld('.migbackup', 3, async ({ said, signal }) => {
      await until(() => WAITING.test(said()));
      signal('SIGTERM');
      await until(() => said().includes('SIGTERM'));
    });
    expect(run, run.stderr).toMatchObject({ exitCode: 20, stderr: expect.stringMatching(WAITING) });
    expect(run.stderr).toContain('SIGTERM: the command has ended; the rest finishes by itself');
    expect(run.stderr.match(/waiting for it/g)).toHaveLength(1);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('one that succeeded waits to be logged, and undo knows of it', async () => {
    const run = await guardWhileHeld('backups', 0, ({ said }) => until(() => WAITING.test(said())));
    expect(run, run.stderr).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(WAITING) });
    expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'succeeded', findings: [] });
    expect((await undo()).exitCode).toBe(0);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });
});

describe('while another migbackup holds the lock for longer than guard waits', () => {
  const held: Meanwhile = ({ ended }) => until(ended);
  const flags = ['--lock-wait', '1'];

  test.each([
    ['the line of the hint', (line: string) => line],
    ['undo', () => 'undo'],
  ])('what failed stays as it is, 7 says so, and %s goes back afterwards', async (_way, wayBack) => {
    const run = await guardWhileHeld('backups', 3, held, flags);
    expect(run, run.stderr).toMatchObject({ exitCode: 7 });
    const { error } = JSON.parse(run.stdout);
    expect(error).toMatchObject({ code: 'WAY_BACK_FAILED', details: { result: { exitCode: 3 } } });
    expect(error.message).toMatch(
      new RegExp(`locked by migbackup create \\(pid ${process.pid}.*for 1 s; the project is as the command left it$`),
    );
    const [, line = ''] = /^Wait until it has finished, then run: migbackup (.*)$/.exec(error.hint) ?? [];
    expect(line).toMatch(/^restore migration-\S+ --exact$/);
    expect(existsSync(path.join(project.root, 'scripts'))).toBe(false);
    expect(await runCli([...wayBack(line).split(' '), '--yes'], { cwd: project.root })).toMatchObject({ exitCode: 0 });
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test.each([
    ['succeeded', 0, 0, []],
    ['failed and is kept', 3, 21, ['--on-failure', 'keep']],
  ])('what %s is logged all the same, with a warning, and undo knows of it', async (_how, code, exitCode, more) => {
    const run = await guardWhileHeld('backups', code, held, [...flags, ...more]);
    expect(run, run.stderr).toMatchObject({ exitCode });
    const { findings, next } = JSON.parse(run.stdout);
    expect(findings).toMatchObject([
      { code: 'logged-without-lock', severity: 'warning', message: expect.stringContaining(`pid ${process.pid}`) },
    ]);
    expect(next).toEqual(['migbackup undo']);
    expect((await undo()).exitCode).toBe(0);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });
});

test('before the command is run, nobody waits: nothing is done', async () => {
  expect((await runCli(['create'], { cwd: project.root })).exitCode).toBe(0);
  const lock = acquireLock(path.join(project.root, 'backups'), 'create');
  try {
    const run = await runCli(['guard', '--', 'touch', 'ran'], { cwd: project.root });
    expect(run).toMatchObject({ exitCode: 11, stderr: expect.stringContaining('LOCKED') });
  } finally {
    lock.release();
  }
  expect(readdirSync(project.root)).not.toContain('ran');
});
