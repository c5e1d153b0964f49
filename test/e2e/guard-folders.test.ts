import { statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let root: string;
let before: Tree;

beforeEach(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  before = tree();
});
afterEach(() => temp[Symbol.dispose]());

const tree = (): Tree => readTree(root, ['backups', '.migbackup']);

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
  const run = await runCli(['guard', '--json', '--', 'sh', '-c', script], { cwd: root });
  expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'succeeded', paths, changes: {}, next: ['migbackup undo'] });
  expect(compareTrees(before, tree())).not.toEqual([]);
  const planned = JSON.parse((await runCli(['undo', '--dry-run', '--json'], { cwd: root })).stdout);
  expect(planned.plan.changes.map((change: { path: string }) => change.path)).toEqual(paths.map((each) => each.path));
  expect((await runCli(['undo', '--yes'], { cwd: root })).exitCode).toBe(0);
  expect(compareTrees(before, tree())).toEqual([]);
});

test('the text names folders where no file changed', async () => {
  const run = await runCli(['guard', '--', 'chmod', '700', 'docs'], { cwd: root });
  expect(run.stderr).toMatch(/folders only: docs\n[^]*Take it back: migbackup undo/);
  const planned = await runCli(['undo', '--dry-run'], { cwd: root });
  expect(planned.stdout).toContain('1 path would change, 1 folder among them\n');
  expect(statSync(path.join(root, 'docs')).mode & 0o777).toBe(0o700);
});
