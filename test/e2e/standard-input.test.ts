import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loaders } from '../../src/commands/index.ts';
import { shellLine } from '../../src/core/model/shell-quote.ts';
import { cleanEnvironment, cliCommand, runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/*
 * Without a terminal no command reads standard input: it belongs to the script that runs migbackup, as the rest of `bash -s`, the lines of a
 * `while read` loop, or what git hands to a hook.
 */

let temp: TempFolder;
let root: string;

beforeAll(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  mkdirSync(path.join(temp.path, 'bin'));
  const program = `#!/bin/sh\nexec ${shellLine(cliCommand())} "$@"\n`;
  writeFileSync(path.join(temp.path, 'bin/migbackup'), program, { mode: 0o755 });
  expect((await runCli(['create'], { cwd: root })).exitCode).toBe(0);
});
afterAll(() => temp[Symbol.dispose]());
// So that a restore has something to do.
beforeEach(() => appendFileSync(path.join(root, 'README.md'), 'more\n'));

/** A command line of each command that answers with the given exit code where nothing is to be read, in this order. */
const LINES: Readonly<Record<string, readonly (readonly [exit: number, line: string])[]>> = {
  autocomplete: [[0, 'autocomplete']],
  'autocomplete:create': [[0, 'autocomplete create']],
  'autocomplete:script': [[0, 'autocomplete script']],
  create: [[0, 'create --only docs']],
  'db:diff': [
    [0, 'db diff latest:leveldb leveldb'],
    [2, 'db diff leveldb'],
  ],
  'db:digest': [
    [0, 'db digest leveldb'],
    [2, 'db digest'],
  ],
  'db:get': [
    [0, 'db get leveldb deployment:000001'],
    [2, 'db get leveldb'],
  ],
  'db:ls': [
    [0, 'db ls leveldb'],
    [2, 'db ls'],
  ],
  diff: [
    [0, 'diff'],
    [0, 'diff --live'],
  ],
  export: [[0, 'export --output $$.zip']],
  guard: [[0, 'guard -- true']],
  help: [[0, 'help']],
  init: [[0, 'init --dry-run']],
  'key:drill': [[2, 'key drill']],
  'key:new': [[0, 'key new']],
  'key:reseal': [[2, 'key reseal']],
  list: [[0, 'list']],
  'preset:list': [[0, 'preset list']],
  'preset:show': [
    [0, 'preset show foundry'],
    [2, 'preset show'],
  ],
  prune: [[0, 'prune --keep-last 1 --dry-run']],
  pull: [[2, 'pull']],
  push: [[2, 'push']],
  reconcile: [
    [0, 'reconcile leveldb --in leveldb'],
    [4, 'reconcile leveldb'],
  ],
  recover: [[0, 'recover']],
  'remote:check': [[2, 'remote check']],
  'remote:init': [[0, 'remote init file://$PWD/../remote']],
  report: [[0, 'report --latest']],
  require: [[6, 'require --max-age 1h --rehearsed']],
  restore: [
    [6, 'restore'],
    [0, 'restore --yes'],
  ],
  show: [[0, 'show']],
  sign: [[2, 'sign']],
  status: [[0, 'status']],
  undo: [[6, 'undo']],
  validate: [[0, 'validate']],
  verify: [
    [0, 'verify'],
    [0, 'verify --latest'],
  ],
};

test('the table has every command', () => {
  expect(Object.keys(LINES)).toEqual(Object.keys(loaders));
});

const HUNG_MS = 10_000;

/** What a shell does with standard input before it runs a line. */
const CLOSED = { closed: '<&-', 'of /dev/null': '</dev/null' } as const;

describe.each(Object.entries(LINES))('%s', (_id, lines) => {
  test.each(lines)('exits with %i and reads nothing: migbackup %s', async (exit, line) => {
    const piped = await inShell(`migbackup ${line}; echo $? >&3; cat >&3`, 'latest\nAFTER\n');
    expect(piped.told, piped.stderr).toBe(`${exit}\nlatest\nAFTER\n`);
    for (const [how, redirect] of Object.entries(CLOSED)) {
      const { told, stderr } = await inShell(`migbackup ${line} ${redirect}; echo $? >&3`, '');
      expect(told, `${how}: ${stderr}`).toBe(`${exit}\n`);
    }
  });
});

test('the rest of a script on standard input runs', async () => {
  const script = 'migbackup verify --latest >/dev/null\necho AFTER >&3\n';
  const { told } = await inShell('sh -s', script);
  expect(told).toBe('AFTER\n');
});

test('a loop over lines goes through all of them', async () => {
  const { told } = await inShell(
    'while read -r name; do migbackup validate >&2 && echo "$name" >&3; done',
    'a\nb\nc\n',
  );
  expect(told).toBe('a\nb\nc\n');
});

test('a guarded command has the standard input', async () => {
  const { told } = await inShell(`migbackup guard -- sh -c 'read -r line; echo "$line" >got'; cat got >&3`, 'first\n');
  expect(told).toBe('first\n');
});

/**
 * Runs a line of shell in the project, on a pipe that holds `input` and stays open until something is told, that is written to
 * descriptor 3.
 */
async function inShell(line: string, input: string): Promise<{ readonly told: string; readonly stderr: string }> {
  const PATH = `${path.join(temp.path, 'bin')}:${process.env['PATH']}`;
  const child = spawn('sh', ['-c', line], {
    cwd: root,
    env: { ...cleanEnvironment(), PATH, HOME: temp.path },
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
  });
  const { stdin, stderr: complaints } = child;
  const channel = child.stdio[3];
  if (stdin === null || complaints === null || !(channel instanceof Readable)) throw new Error('a pipe is missing');
  stdin.on('error', () => {});
  stdin.write(input);
  channel.once('data', () => stdin.end());
  // A line that tells nothing fails its test instead of waiting for more input.
  const hung = setTimeout(() => stdin.end(), HUNG_MS);
  const [told, stderr] = await Promise.all([text(channel), text(complaints)]);
  clearTimeout(hung);
  return { told, stderr };
}
