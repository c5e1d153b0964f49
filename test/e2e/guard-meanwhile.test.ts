import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { cleanEnvironment, cliCommand, runCli } from '../support/run-cli.ts';

const project = eachSampleProject();
const run = (...args: string[]) => runCli(args, { cwd: project.root });
const record = (): string => readFileSync(path.join(project.root, 'docs/state.md'), 'utf8');

/** Half of a migration, which then waits for a file beside the project, and fails. */
const HALF = (rest: string): string =>
  `echo half > docs/state.md; echo $$ > ../pid; touch ../ready; while [ -e ../ready ] && [ ! -e ../go ]; do sleep 0.01; done; ${rest}`;

async function startGuard(rest: string): Promise<ChildProcess> {
  const [program, ...leading] = cliCommand();
  const args = [...leading, 'guard', '--', 'sh', '-c', HALF(rest)];
  const guard = spawn(program, args, { cwd: project.root, env: cleanEnvironment(), stdio: 'ignore' });
  while (!existsSync(path.join(project.outside, 'ready'))) await sleep(5);
  return guard;
}

async function end(guard: ChildProcess): Promise<number | null> {
  const exit = once(guard, 'exit');
  writeFileSync(path.join(project.outside, 'go'), '');
  const [exitCode] = await exit;
  return exitCode;
}

test('while a guarded command runs nobody else restores, undoes or recovers', async () => {
  writeFileSync(path.join(project.root, 'docs/state.md'), 'old');
  const { backupId } = JSON.parse((await run('create', '--json')).stdout);
  writeFileSync(path.join(project.root, 'docs/state.md'), 'older');
  expect(await run('restore', backupId, '--yes')).toMatchObject({ exitCode: 0 });
  writeFileSync(path.join(project.root, 'docs/state.md'), 'before');
  project.beginHere();
  const guard = await startGuard('exit 1');
  for (const args of [['undo', '--yes'], ['restore', backupId, '--yes'], ['recover']]) {
    const refused = await run(...args);
    expect(refused, args.join(' ')).toMatchObject({ exitCode: 11 });
    expect(refused.stderr).toContain(`migbackup guard (pid ${guard.pid} `);
    expect(record()).toBe('half\n');
  }
  // What only looks does.
  expect(await run('undo', '--list')).toMatchObject({ exitCode: 0 });
  expect(await run('status')).toMatchObject({ exitCode: 0 });
  expect(await end(guard)).toBe(20);
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test('a backup taken while a guarded command runs is partial and says why: latest is the one before', async () => {
  writeFileSync(path.join(project.root, 'docs/state.md'), 'before');
  const guard = await startGuard('exit 1');
  const taken = await run('create', '--json');
  expect(taken).toMatchObject({ exitCode: 0 });
  const { backupId, completeness, findings } = JSON.parse(taken.stdout);
  expect(completeness).toBe('partial');
  expect(findings).toContainEqual(expect.objectContaining({ code: 'taken-while-guarded', severity: 'warning' }));
  expect(await end(guard)).toBe(20);
  expect(record()).toBe('before');
  const restored = await run('restore', '--latest', '--yes');
  expect(restored).toMatchObject({ exitCode: 0 });
  expect(restored.stderr).toContain(`${backupId} is newer, and partial (taken while a guarded command ran)`);
  expect(record()).toBe('before');
});

test('the guarded command itself may restore, and what it takes is marked, too', async () => {
  writeFileSync(path.join(project.root, 'docs/state.md'), 'before');
  const words = cliCommand()
    .map((word) => `'${word}'`)
    .join(' ');
  const script = `echo half > docs/state.md; ${words} create >&2 && ${words} restore "$MIGBACKUP_ID" --yes`;
  expect(await run('guard', '--', 'sh', '-c', script)).toMatchObject({ exitCode: 0 });
  expect(record()).toBe('before');
  const { backups } = JSON.parse((await run('list', '--json')).stdout);
  expect(backups.map(({ completeness }: { completeness: string }) => completeness).toSorted()).toEqual([
    'complete',
    'partial',
    'partial',
  ]);
});

test.skipIf(process.platform !== 'linux')('what a killed guard left running is to be stopped before undo', async () => {
  writeFileSync(path.join(project.root, 'docs/state.md'), 'before');
  project.beginHere();
  const guard = await startGuard('echo late > docs/state.md; exec sleep 60');
  const killed = once(guard, 'exit');
  guard.kill('SIGKILL');
  await killed;
  const pid = Number(readFileSync(path.join(project.outside, 'pid'), 'utf8'));
  for (const args of [['undo', '--yes'], ['undo', '--yes'], ['recover'], ['guard', '--', 'true']]) {
    const refused = await run(...args);
    expect(refused, args.join(' ')).toMatchObject({ exitCode: 11 });
    expect(refused.stderr).toContain(`kill ${pid}`);
    // Who takes a backup in between does not make it forgotten.
    expect(JSON.parse((await run('create', '--json')).stdout)).toMatchObject({ completeness: 'partial' });
  }
  process.kill(pid, 'SIGKILL');
  expect(await run('undo', '--yes')).toMatchObject({ exitCode: 0 });
  expect(compareTrees(project.before, project.tree())).toEqual([]);
  expect(existsSync(path.join(project.root, '.migbackup/guard/running.json'))).toBe(false);
});
