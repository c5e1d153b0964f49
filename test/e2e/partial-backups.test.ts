import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { flipBit } from '../support/flip-bit.ts';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let root: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'deployments/a.json', '{}');
  put(root, 'docs/a.md', '# A\n');
});
afterEach(() => temp[Symbol.dispose]());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });
const left = (): string[] => readdirSync(path.join(root, 'backups')).filter((name) => name.startsWith('migration-'));

interface Document {
  readonly backupId: string;
  readonly completeness: string;
  readonly backups: { backupId: string; completeness: string }[];
  readonly answers: { coverage: { yes: boolean; evidence: string; total: number | null } };
}

async function json(...args: string[]): Promise<Document> {
  return JSON.parse((await run(...args, '--json')).stdout);
}

test('the only complete backup stays, is what latest means, and is told from partial ones', async () => {
  const full = await json('create');
  const part = await json('create', '--only', 'docs');
  expect([full.completeness, part.completeness]).toEqual(['complete', 'partial']);

  const pruned = await run('prune', '--keep-last', '1', '--yes');
  expect(pruned.exitCode).toBe(0);
  expect(left()).toEqual([full.backupId, part.backupId]);
  // Also where no rule keeps the newest: that is partial, and may go.
  await run('prune', '--keep-tag', 'none=such', '--yes');
  expect(left()).toEqual([full.backupId]);

  const again = await json('create', '--only', 'docs');
  expect((await json('list')).backups).toMatchObject([
    { backupId: again.backupId, completeness: 'partial' },
    { backupId: full.backupId, completeness: 'complete' },
  ]);
  expect((await run('list')).stdout).toMatch(/, partial, [^]*, complete, /);
  const shown = await run('show', '--latest');
  expect(shown.stdout).toContain(full.backupId);
  expect(shown.stdout).toContain('migration, complete');
  expect(shown.stderr).toContain(
    `${full.backupId} is the latest complete one; ${again.backupId} is newer, and partial (made with --only docs)`,
  );

  const report = await json('report', again.backupId);
  expect(report).toMatchObject({ completeness: 'partial', answers: { coverage: { yes: false, total: null } } });
  expect(report.answers.coverage.evidence).toMatch(/^1 file; made with --only docs; not in it: .*legacy-json/);
  expect(await json('report', full.backupId)).toMatchObject({
    completeness: 'complete',
    answers: { coverage: { yes: true, total: 2 } },
  });

  writeFileSync(path.join(root, 'deployments/a.json'), 'lost');
  expect((await run('restore', '--latest', '--yes')).exitCode).toBe(0);
  expect((await run('diff', '--exit-code')).exitCode).toBe(0);
});

test('latest is a partial one where there is no other, and says so; latest~1 is the one before', async () => {
  const first = await json('create', '--only', 'docs');
  const second = await json('create', '--only', 'docs');
  const shown = await run('show', '--json');
  expect(JSON.parse(shown.stdout)).toMatchObject({ backupId: second.backupId, completeness: 'partial' });
  expect(shown.stderr).toContain(
    `${second.backupId} is partial (made with --only docs), and this project has no complete backup`,
  );
  expect(await json('show', 'latest~1')).toMatchObject({ backupId: first.backupId });
  expect((await run('show', 'latest~2')).stderr).toContain('there is no latest~2: this project has 2 backups');
  expect(await json('show', second.backupId.slice(12))).toMatchObject({ backupId: second.backupId });
});

test('where no complete backup verifies, prune keeps what is left of them', async () => {
  const full = await json('create');
  const part = await json('create', '--only', 'docs');
  const archive = path.join(root, 'backups', full.backupId, 'legacy-json.tar.zst');
  expect(existsSync(archive)).toBe(true);
  flipBit(archive, 40);
  const pruned = await run('prune', '--keep-last', '1', '--yes', '--json');
  expect(JSON.parse(pruned.stdout)).toMatchObject({ remove: [], newestVerified: part.backupId });
  expect(left()).toEqual([full.backupId, part.backupId]);
});

test('a category of which nothing could be taken is called partial once', async () => {
  put(root, 'leveldb/CURRENT', 'MANIFEST-000001\n');
  const { exitCode, stdout } = await run('create', '--allow-partial');
  expect(exitCode).toBe(3);
  expect(stdout).toMatch(/^ +leveldb .*partial/m);
  expect(stdout).not.toMatch(/partial +partial/);
});

test('several newer backups that are partial are counted, and the newest says why it is', async () => {
  await json('create');
  for (const only of ['docs', 'docs/a.md']) await json('create', '--only', only);
  expect((await run('show', '--latest')).stderr).toMatch(
    /; migration-\S+ \(made with --only docs\/a\.md\) and 1 more are newer, and partial$/m,
  );
});
