import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CONFIG = { categories: { app: { sources: { data: { path: 'data' } } } } };

/** A process that has a file open, and appends a line with each line that it is told. */
async function holder(file: string, flags: string) {
  const script = `const fd = require('node:fs').openSync(process.argv[1], process.argv[2]); console.log('open');
    process.stdin.on('data', (line) => { require('node:fs').writeSync(fd, line); require('node:fs').fsyncSync(fd); console.log('written'); });`;
  const child = spawn(process.execPath, ['-e', script, file, flags], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    pid: child.pid,
    async append(line: string) {
      child.stdin.write(line);
      await once(child.stdout, 'data');
    },
    async end() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

test.runIf(process.platform === 'linux')(
  'what a process writes to a file that a restore replaced is kept as long as it has it open, and is named',
  async () => {
    using temp = tempFolder();
    const root = path.join(temp.path, 'project');
    const run = async (...args: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await runCli(args, { cwd: root });
      expect(exitCode, stderr).toBe(0);
      return `${stdout}${stderr}`.replaceAll(/\s+/g, ' ');
    };
    const kept = (): string[] =>
      fs.readdirSync(path.join(root, '.migbackup')).filter((name) => name.startsWith('committed-'));
    put(root, 'migbackup.config.json', JSON.stringify(CONFIG));
    put(root, 'data/events.log', 'first\n');
    put(root, 'data/read.log', 'first\n');
    await run('create');
    fs.appendFileSync(path.join(root, 'data/events.log'), 'second\n');
    fs.appendFileSync(path.join(root, 'data/read.log'), 'second\n');
    const reader = await holder(path.join(root, 'data/read.log'), 'r');
    const writer = await holder(path.join(root, 'data/events.log'), 'a');
    try {
      expect(await run('restore', '--latest', '--dry-run')).toContain(`data/events.log (pid ${writer.pid})`);
      const said = await run('restore', '--latest', '--yes');
      expect(said).toMatch(/what was replaced is kept in \S+committed-\S+: other processes have it open/);
      expect(said).toContain(`data/events.log (pid ${writer.pid})`);
      expect(said).not.toContain('data/read.log (pid');
      await writer.append('acknowledged\n');
      // It is kept, as long as it is open and after that, since it is in no backup.
      await run('recover');
    } finally {
      await writer.end();
      await reader.end();
    }
    await run('recover');
    const [committed = ''] = kept();
    const aside = path.join(root, '.migbackup', committed, 'aside');
    const texts = fs.readdirSync(aside).map((name) => fs.readFileSync(path.join(aside, name), 'utf8'));
    expect(texts).toContain('first\nsecond\nacknowledged\n');
    expect(fs.readFileSync(path.join(root, 'data/events.log'), 'utf8')).toBe('first\n');
  },
);

test.runIf(process.platform === 'linux')('what nobody writes to is removed, also while somebody reads it', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  put(root, 'migbackup.config.json', JSON.stringify(CONFIG));
  put(root, 'data/read.log', 'first\n');
  expect((await runCli(['create'], { cwd: root })).exitCode).toBe(0);
  fs.appendFileSync(path.join(root, 'data/read.log'), 'second\n');
  const reader = await holder(path.join(root, 'data/read.log'), 'r');
  expect((await runCli(['restore', '--yes'], { cwd: root })).exitCode).toBe(0);
  await reader.end();
  const state = fs.readdirSync(path.join(root, '.migbackup'));
  expect(state.filter((name) => name.startsWith('committed-') || name.startsWith('garbage-'))).toEqual([]);
});
