import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a note with line breaks and colours is text on one line, and whole in JSON', async () => {
  using folder = tempFolder();
  const cwd = folder.path;
  mkdirSync(path.join(cwd, 'deployments'));
  writeFileSync(path.join(cwd, 'deployments/a.json'), '{}');
  const note = 'before \u001B[31mthe\u001B[0m\n\tgreat   move';
  expect((await runCli(['create', '--note', note, '--tag', 'why=a\nb'], { cwd })).exitCode).toBe(0);
  for (const args of [['list'], ['show'], ['report'], ['prune', '--keep-within', '1h', '--dry-run']]) {
    const { stdout } = await runCli(args, { cwd });
    expect(stdout, args[0]).not.toMatch(/\\+x[01]|\[31m/);
    if (args[0] !== 'prune') expect(stdout, args[0]).toContain('before the great move');
  }
  expect((await runCli(['list'], { cwd })).stdout).toContain('why=a b');
  expect(JSON.parse((await runCli(['show', '--json'], { cwd })).stdout)).toMatchObject({ note, tags: { why: 'a\nb' } });
});
