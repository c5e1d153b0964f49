import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';
import { hasTerminal, runOnTerminal } from '../support/terminal.ts';

const project = eachSampleProject();
const RUIN = 'rm -r scripts; echo ruined >> README.md; exit 3';
const run = (...args: string[]) => runCli(args, { cwd: project.root });
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');
const ruined = (): boolean => readFileSync(path.join(project.root, 'README.md'), 'utf8').includes('ruined');

describe('after a guard that brought everything back', () => {
  test('undo without a terminal asks for the id, and the line that it names goes on', async () => {
    expect((await run('guard', '--', 'sh', '-c', RUIN)).exitCode).toBe(20);
    for (const bare of [['undo'], ['undo', '--yes'], ['undo', '--yes', '--json']]) {
      const refused = await run(...bare);
      expect(refused, refused.stderr).toMatchObject({ exitCode: 6 });
      expect(flat(refused.stderr + refused.stdout)).toContain('the project would be as the failed command left it');
      expect(compareTrees(project.before, project.tree())).toEqual([]);
    }
    const { stdout } = await run('undo', '--dry-run', '--json');
    const { plan } = JSON.parse(stdout);
    expect((await run('undo', '--plan', plan.hash)).exitCode).toBe(6);
    const [, id = ''] = /run: migbackup undo (safety-\S+) --yes/.exec((await run('undo')).stderr) ?? [];
    const named = await run('undo', id, '--yes', '--json');
    expect(named).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(named.stdout)).toMatchObject({ undone: { id, operation: 'guard', rolledBack: true } });
    expect(ruined()).toBe(true);
    // What undo did can be undone as ever.
    expect((await run('undo', '--yes')).exitCode).toBe(0);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test('the failed state is reached by restore too', async () => {
    const guarded = JSON.parse((await run('guard', '--json', '--', 'sh', '-c', RUIN)).stdout);
    expect((await run('restore', guarded.safetyBackup, '--exact', '--yes')).exitCode).toBe(0);
    expect(ruined()).toBe(true);
    expect((await run('undo', '--yes')).exitCode).toBe(0);
    expect(compareTrees(project.before, project.tree())).toEqual([]);
  });

  test.runIf(hasTerminal)('on a terminal the question says what is taken back and what comes of it', async () => {
    expect((await run('guard', '--', 'sh', '-c', RUIN)).exitCode).toBe(20);
    const at = { cwd: project.root };
    const no = await runOnTerminal(['undo'], [{ after: 'Take it back? (y/N) ', type: 'n\n' }], at);
    expect(no.exitCode, no.screen).toBe(6);
    expect(flat(no.screen)).toMatch(
      /takes back the way back of a guard to migration-\S+, after its command had failed .* afterwards the project is as the failed command left it/,
    );
    expect(ruined()).toBe(false);
    const yes = await runOnTerminal(['undo'], [{ after: 'Take it back? (y/N) ', type: 'y\n' }], at);
    expect(yes.exitCode, yes.screen).toBe(0);
    expect(ruined()).toBe(true);
  });
});

test('undo --list shows what can be undone, in text and as a document; two steps back are two lines', async () => {
  expect((await run('create')).exitCode).toBe(0);
  expect((await run('undo', '--list')).stdout).toContain('can be undone');
  appendFileSync(path.join(project.root, 'README.md'), 'first');
  const first = project.tree();
  expect((await run('restore', '--yes')).exitCode).toBe(0);
  rmSync(path.join(project.root, 'scripts'), { recursive: true });
  const second = project.tree();
  expect((await run('restore', '--yes')).exitCode).toBe(0);

  const listed = JSON.parse((await run('undo', '--list', '--json')).stdout);
  expect(schemaViolations('undo-list', listed)).toEqual([]);
  expect(listed.operations).toMatchObject([
    { operation: 'restore', next: true, possible: 'now' },
    { operation: 'restore', next: false, possible: 'later', after: listed.operations[0].id },
  ]);
  const { stdout } = await run('undo', '--list');
  expect(stdout).toContain(`Take it back: migbackup undo ${listed.operations[0].id}`);
  expect(stdout).toContain(`Possible once ${listed.operations[0].id} is taken back.`);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);

  expect((await run('undo', listed.operations[1].id, '--yes')).exitCode).toBe(10);
  const planned = await run('undo', '--dry-run');
  expect(flat(planned.stdout)).toMatch(
    /takes back the restore of .* afterwards the project is as it was before that restore/,
  );
  expect((await run('undo', '--yes')).exitCode).toBe(0);
  expect(compareTrees(second, project.tree())).toEqual([]);
  expect((await run('undo', listed.operations[1].id, '--yes')).exitCode).toBe(0);
  // What was deleted between the two was no restore's doing.
  expect(ruinedSince(first)).toEqual([]);

  expect((await run('undo', '--list', '--dry-run')).exitCode).toBe(2);
  expect((await run('undo', '--list', 'safety-')).exitCode).toBe(2);
});

/** Differences to a tree, but for the folder that was deleted since. */
function ruinedSince(tree: ReturnType<typeof project.tree>): string[] {
  return compareTrees(tree, project.tree()).filter((line) => !line.startsWith('scripts'));
}

test.skipIf(process.platform === 'win32')(
  'undo says what it cannot bring back: a pipe that the restore replaced',
  async () => {
    expect((await run('create')).exitCode).toBe(0);
    const file = path.join(project.root, 'README.md');
    rmSync(file);
    execFileSync('mkfifo', [file]);
    appendFileSync(path.join(project.root, 'package.json'), '\n');
    expect((await run('restore', '--latest', '--yes')).exitCode).toBe(0);
    const { exitCode, stdout, stderr } = await run('undo', '--yes');
    expect(exitCode, stderr).toBe(0);
    expect(flat(stdout + stderr)).toContain(
      'as it was before that restore, except for special files, which no backup holds: README.md',
    );
  },
);
