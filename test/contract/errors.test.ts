import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { errorDocumentSchema } from '../../src/cli/error-document.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Case {
  readonly args: readonly string[];
  readonly exitCode: number;
  readonly code: string;
  /** A part of message or hint that a person needs. */
  readonly says: string;
}

const CASES: readonly Case[] = [
  { args: ['nosuch'], exitCode: 2, code: 'USAGE', says: 'migbackup --help' },
  { args: ['crate'], exitCode: 2, code: 'USAGE', says: 'Did you mean migbackup create?' },
  { args: ['backup', 'verfy'], exitCode: 2, code: 'USAGE', says: 'Did you mean migbackup verify?' },
  { args: ['create', '--nte', 'x'], exitCode: 2, code: 'USAGE', says: 'Did you mean --note?' },
  { args: ['create', 'extra'], exitCode: 2, code: 'USAGE', says: 'extra' },
  { args: ['create', '--level', 'high'], exitCode: 2, code: 'USAGE', says: 'high' },
  { args: ['create', '--compression', 'gzip'], exitCode: 2, code: 'USAGE', says: 'zstd' },
  { args: ['create', '--tag', 'nokey'], exitCode: 2, code: 'USAGE', says: 'KEY=VALUE' },
  { args: ['verify', '--sample', '0'], exitCode: 2, code: 'USAGE', says: '--sample 0' },
  { args: ['verify', '--sample', '101%'], exitCode: 2, code: 'USAGE', says: '100' },
  { args: ['verify', '--sample', '10', '--quick'], exitCode: 2, code: 'USAGE', says: 'quick' },
  { args: ['verify', 'abc', '--latest'], exitCode: 2, code: 'USAGE', says: '--latest' },
  { args: ['validate', 'some-id'], exitCode: 2, code: 'USAGE', says: 'migbackup verify some-id' },
  { args: ['restore', '--to', 'x', '--exact'], exitCode: 2, code: 'USAGE', says: 'exact' },
  { args: ['export', '--output', '-', '--format', 'rar'], exitCode: 2, code: 'USAGE', says: 'zip' },
  { args: ['export', '--output', 'x.rar'], exitCode: 2, code: 'USAGE', says: 'not a .rar' },
  { args: ['export', '--output', 'x.tar.gz'], exitCode: 2, code: 'USAGE', says: 'not a .tar.gz' },
  { args: ['create', '--root', 'nowhere'], exitCode: 2, code: 'USAGE', says: 'nowhere' },
  { args: ['create'], exitCode: 2, code: 'NOTHING_TO_BACK_UP', says: 'config' },
  { args: ['verify'], exitCode: 10, code: 'NO_SUCH_BACKUP', says: 'migbackup create' },
  { args: ['verify', '--all'], exitCode: 10, code: 'NO_SUCH_BACKUP', says: 'there is no backup in' },
  { args: ['show', 'nosuch'], exitCode: 10, code: 'NO_SUCH_BACKUP', says: 'nosuch' },
  { args: ['restore', 'nosuch', '--yes'], exitCode: 10, code: 'NO_SUCH_BACKUP', says: 'nosuch' },
  { args: ['db', 'ls', 'nosuch'], exitCode: 10, code: 'NO_SUCH_DATABASE', says: 'no database' },
  { args: ['db', 'digest', 'nosuch:db'], exitCode: 10, code: 'NO_SUCH_BACKUP', says: 'nosuch' },
  { args: ['db', 'lss', 'x'], exitCode: 2, code: 'USAGE', says: 'migbackup db ls' },
];

for (const { args, exitCode, code, says } of CASES) {
  test(`migbackup ${args.join(' ')}: ${exitCode} ${code}`, async () => {
    using folder = tempFolder();
    const cwd = folder.path;
    const text = await runCli(args, { cwd });
    expect(text).toMatchObject({ exitCode, stdout: '' });
    expect(text.stderr).toContain(`(${code})`);
    expect(text.stderr.replace(/\s+/g, ' ')).toContain(says);
    expect(text.stderr).not.toMatch(/^\s+at .+:\d+/m);

    const json = await runCli([...args, '--json'], { cwd });
    expect(json).toMatchObject({ exitCode, stderr: '' });
    const document = errorDocumentSchema.strict().parse(JSON.parse(json.stdout));
    expect(document.error.code).toBe(code);
    expect(`${document.error.message} ${document.error.hint}`).toContain(says);
  });
}

test('MIGBACKUP_JSON makes errors JSON too, even those of the flag parser', async () => {
  const { stdout, exitCode } = await runCli(['list', '--nope'], { env: { MIGBACKUP_JSON: '1' } });
  expect(exitCode).toBe(2);
  expect(errorDocumentSchema.parse(JSON.parse(stdout)).error.code).toBe('USAGE');
});

test('words after -- are no flags of ours', async () => {
  using folder = tempFolder();
  const { stdout, stderr } = await runCli(['show', '--', '--json'], { cwd: folder.path });
  expect(stdout).toBe('');
  expect(stderr).toContain('error  ');
});

test('an invalid config file is exit 2 for every command', async () => {
  using folder = tempFolder();
  const config = path.join(folder.path, 'missing.json');
  for (const command of ['create', 'validate', 'list']) {
    const { exitCode } = await runCli([command, '--config', config], { cwd: folder.path });
    expect(exitCode, command).toBe(2);
  }
});

/** What stands in the way is the system's doing: it gets a code and a way on, and is no bug of ours. */
test.each([
  ['a repository that is a file', ['create'], 'backups'],
  ['a report folder that is a file', ['undo'], 'backups/reports'],
  ['an output below a file', ['export', '--output', 'package.json/x.zip'], null],
])('%s', async (_what, args, inTheWay) => {
  using folder = tempFolder();
  await makeSampleProject(folder.path);
  if (inTheWay === null) await runCli(['create'], { cwd: folder.path });
  else {
    mkdirSync(path.dirname(path.join(folder.path, inTheWay)), { recursive: true });
    writeFileSync(path.join(folder.path, inTheWay), '');
  }
  const { stdout, exitCode } = await runCli([...args, '--json'], { cwd: folder.path });
  const { error } = errorDocumentSchema.parse(JSON.parse(stdout));
  expect(['REPOSITORY_UNWRITABLE', 'IO', 'NOTHING_TO_UNDO'], error.message).toContain(error.code);
  expect(exitCode).not.toBe(1);
});
