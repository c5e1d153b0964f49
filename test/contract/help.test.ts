import { expect, test } from 'vitest';
import { loaders } from '../../src/commands/index.ts';
import { runCli } from '../support/run-cli.ts';

const COMMANDS = Object.keys(loaders).filter((id) => id !== 'help');

test.each(COMMANDS)('migbackup %s --help', async (id) => {
  const plain = await runCli([id, '--help']);
  expect(plain).toMatchObject({ exitCode: 0, stderr: '' });
  expect(plain.stdout).toContain(`$ migbackup ${id}`);
  expect(plain.stdout).toContain('EXAMPLES');
  expect(plain.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const byTopic = await runCli(['backup', id, '--help']);
  expect(byTopic.exitCode).toBe(0);
  const byCommand = await runCli(['help', id]);
  expect(byCommand.stdout).toBe(plain.stdout);
});

test('migbackup alone shows help and lists each command once', async () => {
  const { exitCode, stdout, stderr } = await runCli([]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  for (const id of COMMANDS) expect(stdout.match(new RegExp(`^ +(backup )?${id} `, 'gm')), id).toHaveLength(1);
});

test('--version names program, platform and Node', async () => {
  const { exitCode, stdout } = await runCli(['--version']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^migbackup\/\d+\.\d+\.\d+ \S+ node-v\d+/);
});
