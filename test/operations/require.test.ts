import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import type { Project } from '../../src/core/model/category.ts';
import { create } from '../../src/core/operations/create.ts';
import { push } from '../../src/core/operations/push.ts';
import { checkRemote } from '../../src/core/operations/remote/check.ts';
import { requireBackup, type RequireOptions } from '../../src/core/operations/require.ts';
import { context } from '../support/real-backup.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let project: Project;
const confirm = () => Promise.resolve(true);
const NONE = { verified: false, rehearsed: false, unchanged: false, insecure: false, stdoutToStderr: true };
const mark = (): string => path.join(temp.path, 'ran');
const TOUCH = (): string[] => ['sh', '-c', `echo ran > '${mark()}'; exit 7`];

beforeEach(async () => {
  temp = tempFolder();
  process.env['XDG_STATE_HOME'] = path.join(temp.path, 'state');
  const root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  const remotes = { one: { url: `file://${temp.path}/one` }, two: { url: `file://${temp.path}/two` } };
  writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify({ preset: 'default', remotes }));
  project = resolveProject({ cwd: root, root, env: {} });
});
afterEach(() => temp[Symbol.dispose]());

const gate = (options: Partial<RequireOptions>) =>
  requireBackup(project, { ...NONE, command: TOUCH(), ...options }, context);
const taken = () => create(project, { verify: true, allowPartial: false }, context);

test('without a backup the command is not run', async () => {
  expect(await gate({})).toMatchObject({ met: false, backupId: null, result: null });
  expect(() => readFileSync(mark())).toThrow('ENOENT');
});

test('a backup that meets every demand lets the command run, whose exit code is in the report', async () => {
  const { backupId } = await taken();
  const demands = { maxAgeMs: 3_600_000, verified: true, unchanged: true };
  const report = await gate(demands);
  expect(report).toMatchObject({ met: true, backupId, result: { exitCode: 7 } });
  expect(report.demands.map(({ demand }) => demand)).toEqual(['complete', 'max-age', 'verified', 'unchanged']);
  expect(readFileSync(mark(), 'utf8')).toBe('ran\n');
});

test.each<[demand: string, options: Partial<RequireOptions>]>([
  ['max-age', { maxAgeMs: 0 }],
  ['rehearsed', { rehearsed: true }],
  ['copies', { copies: 1 }],
])('%s that is not met keeps the command from running', async (demand, options) => {
  await taken();
  const report = await gate(options);
  expect(report).toMatchObject({ met: false, result: null });
  expect(report.demands.find((one) => one.demand === demand)).toMatchObject({ met: false });
  expect(() => readFileSync(mark())).toThrow('ENOENT');
});

test('a byte that changed is a change, and --because passes it and is logged', async () => {
  const { backupId } = await taken();
  appendFileSync(path.join(project.root, 'README.md'), 'x');
  const refused = await gate({ unchanged: true });
  expect(refused.demands.at(-1)).toMatchObject({ met: false, evidence: expect.stringContaining('README.md') });
  expect(await gate({ unchanged: true, because: 'seen' })).toMatchObject({ because: 'seen', result: { exitCode: 7 } });
  const log = readFileSync(path.join(project.repository, 'reports/operations.ndjson'), 'utf8');
  expect(JSON.parse(log)).toMatchObject({ operation: 'require', backupId, because: 'seen', unmet: ['unchanged'] });
});

test('copies are counted in the remotes themselves', async () => {
  await taken();
  for (const remote of ['one', 'two']) {
    await checkRemote(project, { remote, insecure: false, init: true, confirm }, context);
    const options = { selectors: [], missing: false, remotes: [remote], insecure: false, confirm, cwd: project.root };
    await push(project, options, context);
    const copies = remote === 'one' ? 1 : 2;
    expect(await gate({ copies: 2, command: [] })).toMatchObject({ copies, met: copies === 2, result: null });
  }
});
