import { statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { runCli } from '../support/run-cli.ts';

const project = eachSampleProject();

/** Changes of folders alone: none of them changes a file. */
test.each([
  ['another mode', 'chmod 700 docs', [{ path: 'docs', change: 'changed' }]],
  [
    'an empty folder more',
    'mkdir -p docs/a/b',
    [
      { path: 'docs/a', change: 'added' },
      { path: 'docs/a/b', change: 'added' },
    ],
  ],
  ['an empty folder less', 'rmdir deployments/localhost', [{ path: 'deployments/localhost', change: 'removed' }]],
])('%s is told, and undo takes it back', async (_what, script, paths) => {
  const run = await runCli(['guard', '--json', '--', 'sh', '-c', script], { cwd: project.root });
  expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'succeeded', paths, changes: {}, next: ['migbackup undo'] });
  expect(compareTrees(project.before, project.tree())).not.toEqual([]);
  const planned = JSON.parse((await runCli(['undo', '--dry-run', '--json'], { cwd: project.root })).stdout);
  expect(planned.plan.changes.map((change: { path: string }) => change.path)).toEqual(paths.map((each) => each.path));
  expect((await runCli(['undo', '--yes'], { cwd: project.root })).exitCode).toBe(0);
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test('the text names folders where no file changed', async () => {
  const run = await runCli(['guard', '--', 'chmod', '700', 'docs'], { cwd: project.root });
  expect(run.stderr).toMatch(/folders only: docs\n[^]*Take it back: migbackup undo/);
  const planned = await runCli(['undo', '--dry-run'], { cwd: project.root });
  expect(planned.stdout).toContain('1 path would change, 1 folder among them\n');
  expect(statSync(path.join(project.root, 'docs')).mode & 0o777).toBe(0o700);
});
