import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireLock } from '../../src/core/repository/lock.ts';
import { shellLine } from '../../src/core/model/shell-quote.ts';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { cleanEnvironment, cliCommand, runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/*
 * The user stands in a folder that is no project and names project and repository by relative paths with a blank in them. Every line of ours that is
 * printed as the next one must work when it is pasted there.
 */
const PLACE = ['--root', '../my project', '--backups', '../my repository'];

let temp: TempFolder;
let root: string;
let here: string;
let before: Tree;

beforeEach(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'my project');
  here = path.join(temp.path, 'here');
  const bin = path.join(temp.path, 'bin');
  mkdirSync(here);
  mkdirSync(bin);
  writeFileSync(path.join(bin, 'migbackup'), `#!/bin/sh\nexec ${shellLine(cliCommand())} "$@"\n`);
  chmodSync(path.join(bin, 'migbackup'), 0o755);
  await makeSampleProject(root);
  before = tree();
});
afterEach(() => temp[Symbol.dispose]());

const tree = (): Tree => readTree(root, ['.migbackup']);
const ruin = (): void => appendFileSync(path.join(root, 'README.md'), 'ruined');
const run = (...args: string[]) => {
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  return runCli([...own, ...PLACE, ...args.slice(own.length)], { cwd: here });
};

/** What is printed behind a label, run in a shell where the user stands; `--yes` is what a terminal would ask for. */
function paste(text: string, label: string): void {
  const [, line = ''] = new RegExp(`${label} *(migbackup .*)$`, 'm').exec(text) ?? [];
  expect(line, text).toContain("--root '../my project'");
  const env = {
    ...cleanEnvironment(),
    PATH: `${path.join(temp.path, 'bin')}:${process.env['PATH']}`,
    MIGBACKUP_YES: '1',
  };
  const { status, stderr } = spawnSync('sh', ['-c', line], { cwd: here, env, encoding: 'utf8' });
  expect(status, `${line}\n${stderr}`).toBe(0);
}

test('what restore and undo print next', async () => {
  expect((await run('create')).exitCode).toBe(0);
  ruin();
  const refused = await run('restore', '--only', 'docs');
  expect(refused.exitCode).toBe(6);
  paste(refused.stderr, 'run:');
  expect(compareTrees(before, tree())).toEqual([]);

  paste((await run('undo', '--dry-run')).stdout, 'Next:');
  expect(compareTrees(before, tree())).not.toEqual([]);
  paste((await run('restore', '--dry-run')).stdout, 'Next:');
  expect(compareTrees(before, tree())).toEqual([]);
  ruin();
  paste((await run('restore', '--yes')).stdout, 'Take it back:');
  paste((await run('undo', '--yes')).stdout, 'Take this back:');
  expect(compareTrees(before, tree())).not.toEqual([]);
});

test('what guard prints next, whatever became of the command', async () => {
  const command = ['--', 'sh', '-c', `echo ruined >> "$1/README.md"; exit $2`, 'sh', root];
  paste((await run('guard', ...command, '0')).stderr, 'Take it back:');
  expect(compareTrees(before, tree())).toEqual([]);
  paste((await run('guard', '--on-failure', 'keep', ...command, '1')).stderr, 'Go back:');
  expect(compareTrees(before, tree())).toEqual([]);
  const json = await run('guard', '--json', '--on-failure', 'keep', ...command, '1');
  paste(`next: ${JSON.parse(json.stdout).next[0]}`, 'next:');
  expect(compareTrees(before, tree())).toEqual([]);

  // Where the way back cannot begin: another migbackup is at work.
  const barred = `touch "$1/../held"; while [ -e "$1/../held" ]; do sleep 0.01; done; rm -r "$1/scripts"; exit 1`;
  const failing = run('guard', '--lock-wait', '0', '--', 'sh', '-c', barred, 'sh', root);
  const isHeld = (): boolean => readTree(temp.path, ['my project', 'my repository', 'here', 'bin']).has('held');
  // A busy machine takes longer to start than the second that is the default.
  await expect.poll(isHeld, { timeout: 20_000 }).toBe(true);
  const lock = acquireLock(path.join(temp.path, 'my repository'), 'create');
  rmSync(path.join(temp.path, 'held'));
  const failed = await failing;
  lock.release();
  expect(failed.exitCode).toBe(7);
  paste(failed.stderr, 'then run:');
  expect(compareTrees(before, tree())).toEqual([]);
});

test('what comes of a command that was run without a place has none', async () => {
  await runCli(['create'], { cwd: root });
  ruin();
  const planned = await runCli(['restore', '--dry-run'], { cwd: root });
  expect(planned.stdout).toMatch(/Next: migbackup restore migration-\S+Z$/m);
});

test('every other line that points to a command names the place too', async () => {
  const texts = [
    await run('list'),
    await run('verify'),
    await run('create', '--no-verify'),
    await run('list'),
    await run('show'),
    await run('validate'),
    await run('restore'),
    await run('restore', 'nosuch'),
    await run('undo'),
    await run('init', '--dry-run'),
    await run('verify', '--json'),
    await run('undo', '--json'),
    // The scripts that init would write belong to the project: they run where it is.
  ].map(({ stdout, stderr }) => (stdout + stderr).replaceAll(/backup:\S+: migbackup.*/g, ''));
  const pointers = texts.flatMap((text) => [
    ...text.matchAll(/migbackup (create|verify|restore|list|show|validate|init)\b.*/g),
  ]);
  expect(pointers.length).toBeGreaterThan(8);
  for (const [line] of pointers)
    expect(line.replaceAll('\\"', '"')).toContain("--root '../my project' --backups '../my repository'");
});

/* A value that could be one of our flags is taken for one. */
test('lines with paths that begin with a dash', async () => {
  const source = { path: '-yx', required: false };
  writeFileSync(
    path.join(root, 'migbackup.config.json'),
    JSON.stringify({ categories: { own: { sources: { dash: source } } } }),
  );
  const place = path.join(root, '-yx');
  const fill = (): void => {
    mkdirSync(place, { recursive: true });
    for (const name of ['a', '-b c']) writeFileSync(path.join(place, name), name);
  };
  fill();
  before = tree();
  expect((await run('create')).exitCode).toBe(0);

  rmSync(place, { recursive: true });
  paste((await run('status')).stdout, 'Next:');
  expect(compareTrees(before, tree())).toEqual([]);
  rmSync(path.join(place, '-b c'));
  paste((await run('status')).stdout, 'Next:');
  expect(compareTrees(before, tree())).toEqual([]);
  rmSync(place, { recursive: true });
  paste((await run('restore', '--only=./-yx')).stderr, 'run:');
  expect(compareTrees(before, tree())).toEqual([]);
  rmSync(place, { recursive: true });
  paste((await run('restore', '--only=./-yx', '--dry-run')).stdout, 'Next:');
  expect(compareTrees(before, tree())).toEqual([]);

  // Behind `--` no word is a flag any more.
  rmSync(place, { recursive: true });
  const refused = await runCli(['restore', '--only=./-yx', ...PLACE, '--', 'latest'], { cwd: here });
  expect(refused.exitCode).toBe(6);
  paste(refused.stderr, 'run:');
  expect(compareTrees(before, tree())).toEqual([]);
});

test('a line of a place whose name begins with a dash', async () => {
  const dashed = path.join(here, '-p');
  await makeSampleProject(dashed);
  const flags = ['--root=-p', '--backups=-q'];
  expect((await runCli(['create', ...flags], { cwd: here })).exitCode).toBe(0);
  rmSync(path.join(dashed, 'package.json'));
  const { stdout } = await runCli(['restore', '--json', '--yes', ...flags], { cwd: here });
  const [next = ''] = JSON.parse(stdout).next;
  const [, cd = ''] = /^(cd .*) && npm \w+$/.exec(next) ?? [];
  expect(cd, stdout).not.toBe('');
  expect(spawnSync('sh', ['-c', cd], { cwd: here }).status, cd).toBe(0);
  // The text has the same lines.
  rmSync(path.join(dashed, 'package.json'));
  expect((await runCli(['restore', '--yes', ...flags], { cwd: here })).stdout).toContain(`Next: ${next}\n`);
});

test('what show and verify print next names the file or folder that was looked at, and the part', async () => {
  const { stdout } = await run('create', '--compression', 'none', '--json');
  const { backupId, folder }: { backupId: string; folder: string } = JSON.parse(stdout);
  const part = path.join(here, 'my part.zip');
  expect((await run('export', '--only', 'docs', '--output', part)).exitCode).toBe(0);
  const copy = path.join(temp.path, 'my copies', backupId);
  cpSync(folder, copy, { recursive: true });
  const archive = path.join(folder, 'scripts.tar');
  const bytes = readFileSync(archive);
  const at = bytes.indexOf(readFileSync(path.join(root, 'scripts/deploy.ts')));
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(archive, bytes);
  for (const [command, looked] of [
    ['show', part],
    ['verify', part],
    ['show', copy],
    ['verify', copy],
  ] as const) {
    const text = (await run(command, looked)).stdout;
    paste(text, 'Next:');
    expect(text).toContain(shellLine([looked]));
  }

  const text = (await run('verify', '--only', 'docs', '--only', path.join(root, 'README.md'))).stdout;
  expect(text).toContain(` ${backupId} --only docs --only '${path.join(root, 'README.md')}' --dry-run`);
  paste(text, 'Next:');
});
