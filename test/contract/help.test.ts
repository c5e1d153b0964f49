import { expect, test } from 'vitest';
import { readPackageFiles } from '../../src/cli/package-files.ts';
import { loaders } from '../../src/commands/index.ts';
import { runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';

/** Ours: `help` and `autocomplete` come from oclif's plugins. */
const COMMANDS = Object.keys(loaders).filter((id) => id !== 'help' && !id.startsWith('autocomplete'));

const { manifest } = readPackageFiles();

test.each(COMMANDS)('migbackup %s --help', async (id) => {
  const words = id.split(':');
  const plain = await runCli([...words, '--help']);
  expect(plain).toMatchObject({ exitCode: 0, stderr: '' });
  expect(plain.stdout).toContain(`$ migbackup ${words.join(' ')}`);
  expect(plain.stdout).toContain('EXAMPLES');
  const [summary = ''] = plain.stdout.split('\n');
  expect(plain.stdout.replaceAll(/\s+/g, ' ').split(summary)).toHaveLength(2);
  // Of a description of several paragraphs oclif would show the last.
  const description = manifest.commands[id]?.description ?? 'none';
  expect(plain.stdout.replaceAll(/\s+/g, ' ')).toContain(`DESCRIPTION ${description} EXAMPLES`);
  expect(plain.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const byTopic = await runCli(['backup', ...words, '--help']);
  expect(byTopic.exitCode).toBe(0);
  const byCommand = await runCli(['help', ...words]);
  expect(byCommand.stdout).toBe(plain.stdout);
});

test('each command that takes a backup, or a database of one, has --latest', () => {
  const { commands } = readPackageFiles().manifest;
  const naming = COMMANDS.filter((id) =>
    Object.values(commands[id]?.args ?? {}).some(({ description }) =>
      /^ID or part of one|BACKUP:/.test(description ?? ''),
    ),
  );
  const withLatest = COMMANDS.filter((id) => commands[id]?.flags['latest'] !== undefined);
  expect(withLatest).toEqual(naming);
  expect(naming).toEqual([
    'db:diff',
    'db:digest',
    'db:get',
    'db:ls',
    'diff',
    'export',
    'key:drill',
    'key:reseal',
    'pull',
    'push',
    'reconcile',
    'report',
    'restore',
    'show',
    'sign',
    'verify',
  ]);
});

test('migbackup alone shows help and lists each command once', async () => {
  const { exitCode, stdout, stderr } = await runCli([]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const listed = new Set(COMMANDS.map((id) => id.split(':')[0] ?? id));
  for (const word of listed) expect(stdout.match(new RegExp(`^ +(backup )?${word} `, 'gm')), word).toHaveLength(1);
});

test.each([[], ['--help']])('a topic alone shows its commands', async (...flags) => {
  const { exitCode, stdout, stderr } = await runCli(['db', ...flags.flat()]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^List, read, compare and count what databases hold\n/);
  expect(stdout).toContain('db digest');
  const wrong = await runCli(['db', 'digets']);
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
  expect(wrong.stderr).toContain('migbackup db digest');
});

test('--version names program, platform, Node, LevelDB and commit, in text and in JSON', async () => {
  const { exitCode, stdout } = await runCli(['--version']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^migbackup\/\d+\.\d+\.\d+ \w+-\w+ node-v\d+\S+ leveldb-\d\S+( commit-[0-9a-f]{12}\S*)?\n$/);
  for (const run of [
    await runCli(['--version', '--json']),
    await runCli(['--version'], { env: { MIGBACKUP_JSON: '1' } }),
  ]) {
    const report = JSON.parse(run.stdout);
    expect(schemaViolations('version', report)).toEqual([]);
    const { tool, leveldb } = report;
    const [, node, platform] = tool.runtime.split(' ');
    expect(stdout).toContain(`${tool.name}/${tool.version} ${platform} node-${node} leveldb-${leveldb}`);
  }
});
