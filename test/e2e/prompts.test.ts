import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { runCli } from '../support/run-cli.ts';
import { CTRL_C, CTRL_D, hasTerminal, runOnTerminal, type Act } from '../support/terminal.ts';

const project = eachSampleProject();
const backups = (): string[] =>
  readdirSync(path.join(project.root, 'backups')).filter((name) => /^(migration|safety)-/.test(name));

/** How questions are answered, and what a no, an interrupt or a yes comes to for each. */
type Answer = readonly [how: string, act: Act];
const type = (text: string): Act => ({ type: text });
const signal = (name: NodeJS.Signals): Act => ({ signal: name });
const NO: readonly Answer[] = [
  ['n', type('n\n')],
  ['Ctrl-D', type(CTRL_D)],
];
const INTERRUPT: readonly Answer[] = [
  ['Ctrl-C', type(CTRL_C)],
  ['SIGTERM', signal('SIGTERM')],
  ['SIGHUP', signal('SIGHUP')],
];

describe.runIf(hasTerminal)('restore asks (on a terminal that `script` of util-linux makes)', () => {
  beforeEach(async () => {
    expect((await runCli(['create'], { cwd: project.root })).exitCode).toBe(0);
    appendFileSync(path.join(project.root, 'README.md'), 'ruined');
    rmSync(path.join(project.root, 'scripts'), { recursive: true });
  });

  const answer = (act: Act) =>
    runOnTerminal(['restore'], [{ after: 'Restore? (y/N) ', ...act }], { cwd: project.root });

  test('yes: the backup is back', async () => {
    const { exitCode, screen } = await answer(type('Yes\n'));
    expect(exitCode, screen).toBe(0);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
    expect(screen).toMatch(/scripts +add 3 [^]*docs +replace 1 [^]*What is replaced is saved first[^]*restored/);
  });

  test.each([
    ...[...NO, ['another word', type('yep\n')] as const].map(
      ([how, act]) => [how, act, 6, 'stopped  the answer was no; nothing was changed'] as const,
    ),
    ...INTERRUPT.map(
      ([how, act]) => [how, act, 130, 'error  interrupted before an answer; nothing was changed'] as const,
    ),
  ])('%s: nothing was changed', async (_how, act, exit, says) => {
    const now = project.tree();
    const { exitCode, screen } = await answer(act);
    expect(exitCode, screen).toBe(exit);
    expect(compareTrees(now, project.tree())).toEqual([]);
    expect(backups()).toHaveLength(1);
    // On a line of its own, and nothing was begun that could be taken back.
    expect(screen).toContain(`\n${says}`);
    expect(screen).not.toContain('taken back');
  });
});

describe.runIf(hasTerminal)('guard asks (on a terminal that `script` of util-linux makes)', () => {
  const RUIN = 'rm -r scripts; echo ruined >> README.md; exit 3';
  const answer = (act: Act) =>
    runOnTerminal(
      ['guard', '--on-failure', 'ask', '--', 'sh', '-c', RUIN],
      [{ after: 'Bring everything back? (y/N) ', ...act }],
      { cwd: project.root },
    );

  test('y: everything is back', async () => {
    const { exitCode, screen } = await answer(type('y\n'));
    expect(exitCode, screen).toBe(20);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
    expect(screen).toMatch(/changed  README.md[^]*everything that the backup holds is as it was/);
  });

  test.each([
    ...NO.map(([how, act]) => [how, act, ''] as const),
    ...[...INTERRUPT, ['SIGINT', signal('SIGINT')] as const].map(
      ([how, act]) => [how, act, `SIG${how.replace('Ctrl-C', 'INT').replace('SIG', '')}: taken as a no\n`] as const,
    ),
  ])('%s: all stays as the command left it, and undo goes back', async (_how, act, says) => {
    const { exitCode, screen } = await answer(act);
    expect(exitCode, screen).toBe(21);
    expect(screen).toContain(says);
    expect(screen).not.toContain('taken back');
    const [id = ''] = backups();
    expect(screen).toMatch(
      new RegExp(
        `\\n  kept  the command failed; everything is as it left it\n  backup  ${id}\n  Go back: +migbackup undo`,
      ),
    );
    expect(compareTrees(project.before, project.tree())).not.toEqual([]);
    expect((await runCli(['undo', '--yes'], { cwd: project.root })).exitCode).toBe(0);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('not where the command changed nothing', async () => {
    const run = await runOnTerminal(['guard', '--on-failure', 'ask', '--', 'false'], [], { cwd: project.root });
    expect(run.exitCode, run.screen).toBe(20);
  });

  test('not in CI, where it goes back as without the flag', async () => {
    mkdirSync(path.join(project.root, 'docs/empty'));
    project.beginHere();
    const args = ['guard', '--on-failure', 'ask', '--', 'sh', '-c', RUIN];
    const { exitCode, screen } = await runOnTerminal(args, [], { cwd: project.root, env: { CI: 'true' } });
    expect(exitCode, screen).toBe(20);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });
});

test('what failed and changed nothing is no reason to undo something older', async () => {
  const run = await runCli(['guard', '--on-failure', 'keep', '--', 'false'], { cwd: project.root });
  expect(run).toMatchObject({ exitCode: 21, stderr: expect.stringContaining('there is nothing to take back') });
  expect(run.stderr).not.toContain('migbackup undo');
});
