import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';

const project = eachSampleProject();
const run = (...args: string[]) => runCli(args, { cwd: project.root });
const guarded = (script: string, ...flags: string[]) => run('guard', '--json', ...flags, '--', 'sh', '-c', script);
let backupId: string;

const MIGRATE = 'echo new > docs/a.md; echo made > docs/made.md; mkdir docs/empty';

beforeEach(async () => {
  writeFileSync(path.join(project.root, 'docs/a.md'), 'before');
  project.beginHere();
  const taken = await guarded(MIGRATE);
  expect(taken).toMatchObject({ exitCode: 0 });
  ({ backupId } = JSON.parse(taken.stdout));
});

test('undo of a guarded command names what was changed since, and without a terminal needs its id', async () => {
  put(project.root, 'docs/later.md', 'later');
  put(project.root, 'docs/made.md', 'edited');
  rmSync(path.join(project.root, 'README.md'));
  const since = ['README.md', 'docs/later.md', 'docs/made.md'];
  const planned = await run('undo', '--dry-run', '--json');
  expect(JSON.parse(planned.stdout)).toMatchObject({ outcome: 'planned', since });
  expect((await run('undo', '--dry-run')).stdout).toContain(
    'changed since then, and taken back too: README.md, docs/later.md, docs/made.md\n',
  );
  const refused = await run('undo', '--yes');
  expect(refused).toMatchObject({ exitCode: 6 });
  expect(refused.stderr).toContain('README.md, docs/later.md, docs/made.md');
  expect(refused.stderr).toContain(`migbackup undo ${backupId} --yes`);
  expect(readFileSync(path.join(project.root, 'docs/later.md'), 'utf8')).toBe('later');
  const done = await run('undo', backupId, '--yes', '--json');
  expect(JSON.parse(done.stdout)).toMatchObject({ outcome: 'restored', since });
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test('where nothing came after the command a bare undo is enough, also after a redo', async () => {
  for (let time = 0; time < 3; time++) {
    const done = await run('undo', '--yes', '--json');
    expect(done, done.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(done.stdout)).toMatchObject({ outcome: 'restored', since: [] });
  }
  expect(compareTrees(project.before, project.tree())).toEqual([]);
});

test('a guard of which nothing is recorded, as of an older migbackup, is undone as before', async () => {
  rmSync(path.join(project.root, 'backups/reports', backupId, 'left.json'));
  put(project.root, 'docs/later.md', 'later');
  const done = await run('undo', '--yes', '--json');
  expect(JSON.parse(done.stdout)).toMatchObject({ outcome: 'restored', since: [] });
  expect(existsSync(path.join(project.root, 'docs/later.md'))).toBe(false);
});
