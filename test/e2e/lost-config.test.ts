import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const CONFIG = 'migbackup.config.json';

let temp: TempFolder;
let root: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'data/a.json', '{}');
});
afterEach(() => temp[Symbol.dispose]());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });

function configure(more: object = {}): void {
  put(root, CONFIG, JSON.stringify({ ...more, categories: { mine: { sources: { data: { path: 'data' } } } } }));
}

test.each([
  ['with an id', { project: 'contracts-1' }],
  ['without one', {}],
])('a config that is lost comes back with the state that it names: %s', async (_what, more) => {
  configure(more);
  const text = readFileSync(path.join(root, CONFIG), 'utf8');
  expect((await run('create')).exitCode).toBe(0);
  rmSync(path.join(root, CONFIG));
  rmSync(path.join(root, 'data'), { recursive: true });
  expect((await run('status')).stdout).toMatch(/gone +.*migbackup\.config\.json/);

  const planned = await run('restore', '--latest', '--dry-run');
  expect(planned.exitCode, planned.stderr).toBe(0);
  expect(planned.stderr).toContain(`${CONFIG} is gone, and this backup of the project brings it back.`);
  const restored = await run('restore', '--latest', '--yes', '--json');
  expect(JSON.parse(restored.stdout)).toMatchObject({ outcome: 'restored', findings: [{ code: 'config-gone' }] });
  expect(readFileSync(path.join(root, CONFIG), 'utf8')).toBe(text);
  expect(existsSync(path.join(root, 'data/a.json'))).toBe(true);
});

test.each([
  ['a category of the lost config', 'mine'],
  ['a place of it', 'data'],
])('without its config, %s is restored alone, and it is said that the config stays away', async (_what, only) => {
  configure({ project: 'contracts-1' });
  expect((await run('create')).exitCode).toBe(0);
  rmSync(path.join(root, CONFIG));
  rmSync(path.join(root, 'data'), { recursive: true });
  const restored = await run('restore', '--latest', '--only', only, '--yes', '--json');
  expect(restored.exitCode, restored.stderr + restored.stdout).toBe(0);
  expect(JSON.parse(restored.stdout)).toMatchObject({ outcome: 'restored', findings: [{ code: 'config-gone' }] });
  expect(restored.stderr).toContain(`${CONFIG} is gone`);
  expect(existsSync(path.join(root, 'data/a.json'))).toBe(true);
  expect(existsSync(path.join(root, CONFIG))).toBe(false);
  const [, line = ''] = /(migbackup restore \S+ --only \S+) brings it back/.exec(restored.stdout) ?? [];
  expect((await run(...line.split(' ').slice(1), '--yes')).exitCode).toBe(0);
  expect(existsSync(path.join(root, CONFIG))).toBe(true);
  // Both are taken back, one after the other.
  expect((await run('undo', '--yes')).exitCode).toBe(0);
  expect(existsSync(path.join(root, CONFIG))).toBe(false);
});

test('a backup without a config states no places, whatever its categories say', async () => {
  configure({ project: 'contracts-1' });
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--only', 'mine', '--json')).stdout);
  rmSync(path.join(root, CONFIG));
  rmSync(path.join(root, 'data'), { recursive: true });
  const refused = await run('restore', backupId, '--only', 'mine', '--yes');
  expect(refused.exitCode).toBe(6);
  expect(refused.stderr).toContain('is in no source of this project');
});

test('a backup that only lies there states no places: not one of another project, and none from elsewhere', async () => {
  configure({ project: 'contracts-1' });
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
  const exported = path.join(temp.path, 'exported.zip');
  expect((await run('export', '--output', exported)).exitCode).toBe(0);
  rmSync(path.join(root, CONFIG));
  rmSync(path.join(root, 'data'), { recursive: true });
  for (const [backup, more] of [
    [exported, []],
    [backupId, ['--config', path.join(temp.path, 'other.json')]],
  ] as const) {
    put(temp.path, 'other.json', '{"project": "other"}');
    const refused = await run('restore', backup, ...more, '--yes', '--accept-project');
    expect(refused.exitCode, refused.stderr).toBe(6);
    expect(refused.stderr).toContain('is in no source of this project');
  }
  expect(existsSync(path.join(root, CONFIG))).toBe(false);
});

test('a config alone is nothing to back up', async () => {
  configure();
  rmSync(path.join(root, 'data'), { recursive: true });
  expect((await run('create')).exitCode).toBe(2);
  expect((await run('validate')).exitCode).toBe(4);
  expect((await run('create', '--only', 'configs')).exitCode).toBe(0);
});

test.each([
  ['torn', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 20))],
  ['a link that leads nowhere', (file: string) => (rmSync(file), symlinkSync('nowhere', file))],
  ['a folder', (file: string) => (rmSync(file), mkdirSync(file))],
])('a config that cannot be read is treated as a lost one by every way back: %s', async (_what, breakIt) => {
  configure({ project: 'contracts-1' });
  const text = readFileSync(path.join(root, CONFIG), 'utf8');
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
  put(root, 'data/a.json', '{"changed": true}');
  breakIt(path.join(root, CONFIG));

  const refused = await run('create');
  expect(refused.exitCode, refused.stderr).toBe(2);
  expect(refused.stderr.replaceAll(/\s+/g, ' ')).toContain(`migbackup restore --latest --only ${CONFIG}`);
  const status = await run('status');
  expect(status.exitCode, status.stderr).toBe(0);
  expect(status.stdout).toContain(`Next: migbackup restore --latest --only ${CONFIG}`);
  for (const args of [['recover'], ['undo', '--list'], ['restore', backupId, '--to', path.join(temp.path, 'to')]])
    expect(await run(...args), args.join(' ')).toMatchObject({ exitCode: 0 });

  const mended = await run('restore', '--latest', '--only', CONFIG, '--yes');
  expect(mended.exitCode, mended.stderr).toBe(0);
  expect(mended.stderr).toContain(`${CONFIG} cannot be read, and this backup of the project brings it back.`);
  expect(readFileSync(path.join(root, CONFIG), 'utf8')).toBe(text);
  expect(readFileSync(path.join(root, 'data/a.json'), 'utf8')).toBe('{"changed": true}');
  expect((await run('create')).exitCode).toBe(0);
});
