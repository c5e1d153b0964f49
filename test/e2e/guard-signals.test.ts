import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { cleanEnvironment, cliCommand, runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';
import { CTRL_C, hasTerminal, runOnTerminal } from '../support/terminal.ts';

/** A migration that ends well-behaved, and half-way, when it is asked to: it writes down each signal and exits 0 at the last. */
const MIGRATION = (signals: number): string => `
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
let heard = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {
  appendFileSync('../heard', name + ' ');
  if (++heard === ${signals}) process.exit(0);
});
rmSync('scripts', { recursive: true });
writeFileSync('deployments/half.json', '{');
console.log('half' + '-way');
setTimeout(() => {}, 60_000);
`;

const project = eachSampleProject();
const heard = (): string => readFileSync(path.join(project.outside, 'heard'), 'utf8');

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Guards the migration and sends guard the signals, each when the command has heard of the one before. */
async function interrupt(signals: readonly NodeJS.Signals[], ...flags: string[]): Promise<Ended> {
  writeFileSync(path.join(project.outside, 'migrate.mjs'), MIGRATION(signals.length));
  const [program, ...leading] = cliCommand();
  const args = [...leading, 'guard', '--json', ...flags, '--', process.execPath, '../migrate.mjs'];
  const child = spawn(program, args, { cwd: project.root, env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  while (child.exitCode === null && !stderr.includes('half-way')) await sleep(5);
  for (const [at, signal] of signals.entries()) {
    child.kill(signal);
    const said = (): number => (existsSync(path.join(project.outside, 'heard')) ? heard().split(' ').length - 1 : 0);
    for (let waits = 0; waits < 1000 && said() <= at; waits++) await sleep(5);
  }
  const [exitCode] = await once(child, 'close');
  return { exitCode, stdout, stderr };
}

describe('a command that is interrupted has failed, also one that exits 0', () => {
  test('so everything is brought back, its checks are not run, and what it left is kept', async () => {
    const run = await interrupt(['SIGTERM'], '--check', 'touch ../checked');
    expect(run, run.stderr).toMatchObject({ exitCode: 20 });
    expect(heard()).toBe('SIGTERM ');
    const report: { safetyBackup: string } = JSON.parse(run.stdout);
    expect(schemaViolations('guard', report)).toEqual([]);
    expect(report).toMatchObject({
      outcome: 'rolled-back',
      interrupted: 'SIGTERM',
      result: { exitCode: 0, signal: null },
      checks: [],
    });
    expect(existsSync(path.join(project.outside, 'checked'))).toBe(false);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
    expect((await runCli(['undo', report.safetyBackup, '--yes'], { cwd: project.root })).exitCode).toBe(0);
    expect(existsSync(path.join(project.root, 'deployments/half.json'))).toBe(true);
  });

  test('--on-failure keep keeps what it left; undo goes back', async () => {
    const run = await interrupt(['SIGHUP'], '--on-failure', 'keep');
    expect(run, run.stderr).toMatchObject({ exitCode: 21 });
    expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'kept', interrupted: 'SIGHUP' });
    expect((await runCli(['undo', '--yes'], { cwd: project.root })).exitCode).toBe(0);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('--passthrough answers what a shell says of the signal, not 0', async () => {
    expect(await interrupt(['SIGTERM'], '--passthrough')).toMatchObject({ exitCode: 143 });
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('each signal is passed on, not only the first', async () => {
    const run = await interrupt(['SIGINT', 'SIGTERM']);
    expect(run, run.stderr).toMatchObject({ exitCode: 20 });
    expect(heard()).toBe('SIGINT SIGTERM ');
    expect(JSON.parse(run.stdout)).toMatchObject({ interrupted: 'SIGINT' });
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test.runIf(hasTerminal)(
    'Ctrl-C on a terminal (by `script`): the command gets it once, from the terminal',
    async () => {
      writeFileSync(path.join(project.outside, 'migrate.mjs'), MIGRATION(1));
      const args = ['guard', '--', process.execPath, '../migrate.mjs'];
      const { exitCode, screen } = await runOnTerminal(args, [{ after: 'half-way', type: CTRL_C }], {
        cwd: project.root,
      });
      expect(exitCode, screen).toBe(20);
      expect(heard()).toBe('SIGINT ');
      expect(screen).toContain('SIGINT: waiting for the command to end');
      expect(screen).toMatch(/interrupted by SIGINT, so it counts as failed[^]*rolled back/);
      expect(compareTrees(project.before, project.tree())).toEqual([]);
    },
  );
});

test('a command that was not interrupted says so', async () => {
  const run = await runCli(['guard', '--json', '--', 'true'], { cwd: project.root });
  expect(JSON.parse(run.stdout)).toMatchObject({ interrupted: null });
});
