import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { resumArtifacts, rewriteManifest } from '../support/rewrite-backup.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* `export --only`: a part of a backup as a backup of its own. */

let temp: TempFolder;
let root: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  const sources = { mine: { path: 'a' }, whole: { path: 'whole', exclusive: true } };
  const categories = {
    docs: { sources },
    state: { sources: { data: { path: 'data' } } },
    empty: { sources: { none: { path: 'nothing' } } },
  };
  put(root, 'migbackup.config.json', JSON.stringify({ categories }));
  put(root, 'a/x.json', '{}');
  put(root, 'a/broken.json', '{');
  put(root, 'a/big.bin', 'big'.repeat(1 << 20));
  put(root, `a/${'deep-and-long/'.repeat(12)}ä.txt`, 'in a pax header');
  put(root, 'whole/one.txt', '1');
  put(root, 'whole/two.txt', '2');
  put(root, 'data/note.txt', 'n');
  const database = new DatabaseSync(path.join(root, 'data/app.db'));
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (k); INSERT INTO t VALUES (1), (2)');
  database.close();
});
afterEach(() => temp[Symbol.dispose]());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });

async function json<T>(...args: string[]): Promise<T> {
  const { stdout, stderr, exitCode } = await run(...args, '--json');
  expect(exitCode, stdout + stderr).toBe(0);
  return JSON.parse(stdout);
}

interface Exported {
  readonly backupId: string;
  readonly partOf: string | null;
  readonly selection: readonly string[];
  readonly output: string;
}

const create = (...args: string[]) => json<{ backupId: string; folder: string }>('create', ...args);
const exported = (...args: string[]) => json<Exported>('export', ...args);
const out = (name: string): string => path.join(temp.path, name);

/** Every file and link of a tree, with its content and times. */
const content = (folder: string) => [...readTree(folder)];

test.each([
  [['docs'], 'zip', 'zstd'],
  [['state/data,a/x.json'], 'tar', 'none'],
  [['**/*.json', 'whole'], 'zip', 'none'],
  [['data/app.db'], 'tar', 'zstd'],
])(
  '%j is a backup that verifies, opens and restores what restore --only restores',
  async (terms, format, how) => {
    const { backupId } = await create('--compression', how, '--note', 'mine');
    const only = terms.flatMap((term) => ['--only', term]);
    const file = out(`part.${format}`);
    const report = await exported(backupId, ...only, '--output', file);
    expect(report.backupId).toMatch(new RegExp(`^${backupId}-part-[0-9a-f]{8}$`));
    expect(report).toMatchObject({
      partOf: backupId,
      selection: terms.flatMap((term) => term.split(',')),
      output: file,
    });

    expect(await json('verify', file, '--rehearse', '--fail-on', 'error')).toMatchObject({ scope: { mode: 'full' } });
    const shown = await json<{ backupId: string; completeness: string; note: string }>('show', file);
    expect(shown).toMatchObject({ backupId: report.backupId, completeness: 'partial', note: 'mine' });

    await json('restore', backupId, ...only, '--to', out('restored'));
    await json('restore', file, '--to', out('from-part'));
    expect(content(out('from-part'))).toEqual(content(out('restored')));
  },
  60_000,
);

test('what is said of a part is about the part', async () => {
  const { backupId } = await create();
  await exported(backupId, '--only', 'docs', '--output', out('docs.zip'));
  await exported(backupId, '--only', 'state', '--output', out('state.zip'));
  interface Shown {
    readonly categories: Record<string, { sources: { databases?: object[] }[] }>;
    readonly findings: { code: string }[];
  }
  const codes = ({ findings }: Shown): string[] => findings.map(({ code }) => code);
  const docs = await json<Shown>('show', out('docs.zip'));
  expect(Object.keys(docs.categories)).toEqual(['docs']);
  expect(codes(docs)).toContain('invalid-json');
  const state = await json<Shown>('show', out('state.zip'));
  expect(codes(state)).not.toContain('invalid-json');
  expect(state.categories['state']?.sources[0]?.databases).toMatchObject([{ path: 'data/app.db', records: 2 }]);
});

test('a part of a category of which something was left out is partial itself', async () => {
  const { folder } = await create();
  const file = path.join(folder, 'BACKUP_MANIFEST.json');
  const leftOut = {
    code: 'left-out',
    severity: 'warning',
    message: 'm',
    category: 'docs',
    source: 'mine',
    path: 'a/y',
  };
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  manifest.categories.docs.status = 'partial';
  manifest.findings.push(leftOut);
  writeFileSync(file, JSON.stringify(manifest));
  resumArtifacts(folder);
  const shown = async (...terms: string[]) => {
    const { output } = await exported('--only', terms.join(','), '--output', out(`${terms.join('-')}.zip`));
    await json('verify', output);
    return json<object>('show', output);
  };
  expect(await shown('docs', 'state')).toMatchObject({
    categories: { docs: { status: 'partial' }, state: { status: 'complete' } },
    findings: expect.arrayContaining([leftOut]),
  });
  expect(await shown('state')).toMatchObject({ findings: expect.not.arrayContaining([leftOut]) });
}, 60_000);

test('the same part has the same id, and another part another one', async () => {
  const { backupId } = await create();
  const id = async (name: string, ...terms: string[]) =>
    (await exported(backupId, '--only', terms.join(','), '--output', out(name))).backupId;
  expect(await id('1.zip', 'docs')).toBe(await id('2.tar', 'docs'));
  expect(await id('3.zip', 'docs')).not.toBe(await id('4.zip', 'state'));
});

test('without --output it stands beside the backup, called by its own id', async () => {
  const { backupId, folder } = await create();
  const report = await exported('--only', 'docs');
  expect(report.output).toBe(path.join(path.dirname(folder), `${report.backupId}.zip`));
  const shown = await run('export', '--only', 'docs', '--output', out('x.zip'));
  expect(shown.stdout).toContain(`exported  ${report.backupId}`);
  expect(shown.stdout).toContain(`docs of ${backupId}`);
});

test('a part that lies among the backups is partial, and not taken for the whole', async () => {
  const { backupId, folder } = await create();
  const { backupId: part } = await exported('--only', 'docs', '--format', 'tar', '--output', out('part.tar'));
  const { execFileSync } = await import('node:child_process');
  execFileSync('tar', ['-xf', out('part.tar'), '-C', path.dirname(folder)]);
  const { backups } = await json<{ backups: { backupId: string; completeness: string }[] }>('list');
  expect(new Map(backups.map(({ backupId: id, completeness }) => [id, completeness]))).toEqual(
    new Map([
      [backupId, 'complete'],
      [part, 'partial'],
    ]),
  );
  const latest = await run('show');
  expect(latest.stdout).toContain(backupId);
  expect(latest.stdout + latest.stderr).not.toContain(part);
  expect(await json('status')).toMatchObject({ latest: { backupId }, newer: null });
  expect(await json('show', backupId)).toMatchObject({ backupId });
  rmSync(folder, { recursive: true });
  expect((await run('show')).stderr).toContain(`${part} is partial (a part of ${backupId}, export --only docs)`);
});

test('a part says nothing about the rest: restore --exact leaves that', async () => {
  await create();
  await exported('--only', 'a/x.json', '--output', out('part.zip'));
  writeFileSync(path.join(root, 'a/x.json'), 'changed');
  put(root, 'a/new.txt', 'new');
  await json('restore', out('part.zip'), '--exact', '--yes');
  expect(readFileSync(path.join(root, 'a/x.json'), 'utf8')).toBe('{}');
  expect(existsSync(path.join(root, 'a/new.txt'))).toBe(true);
  expect(existsSync(path.join(root, 'a/big.bin'))).toBe(true);
});

test('a part whose id does not stand for its terms does not verify', async () => {
  const { backupId } = await create();
  const { backupId: part } = await exported('--only', 'docs', '--format', 'tar', '--output', out('part.tar'));
  const { execFileSync } = await import('node:child_process');
  execFileSync('tar', ['-xf', out('part.tar'), '-C', temp.path]);
  const folder = out(part);
  expect((await run('verify', folder)).exitCode).toBe(0);
  const other = `${backupId}-part-00000000`;
  renameSync(folder, out(other));
  rewriteManifest(out(other), (manifest) => {
    manifest['backupId'] = other;
  });
  const { stdout, exitCode } = await run('verify', out(other));
  expect(exitCode).toBe(4);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`must be "${part}"`);
});

test('damage of what is wanted is refused, and damage elsewhere is not in the way', async () => {
  const { backupId, folder } = await create();
  appendFileSync(path.join(folder, 'docs.tar.zst'), 'x');
  const bytes = readFileSync(path.join(folder, 'docs.tar.zst'));
  bytes[40] = (bytes[40] ?? 0) ^ 0xff;
  writeFileSync(path.join(folder, 'docs.tar.zst'), bytes);
  const refused = await run('export', backupId, '--only', 'docs', '--output', out('docs.zip'));
  expect(refused.exitCode).toBe(4);
  expect(refused.stderr).toMatch(/BACKUP_DAMAGED/);
  await exported(backupId, '--only', 'state', '--output', out('state.zip'));
  expect(readdirSync(temp.path).toSorted()).toEqual(['project', 'state.zip']);
});

test('where no part can be put together, that is said', async () => {
  const { backupId } = await create();
  const args = ['export', backupId, '--only', 'docs', '--output', out('x.zip')];
  const { stderr, exitCode } = await runCli(args, { cwd: root, env: { TMPDIR: out('none') } });
  expect(exitCode).toBe(5);
  expect(stderr).toContain('the part could not be put together');
  expect(stderr).toContain('The part is made in the folder that TMPDIR names');
});

test.each([
  ['a part of an exclusive source', ['whole/one.txt'], /whole can only be selected whole/],
  ['what nothing matches', ['docs', 'a/z.json'], /a\/z\.json matches nothing in migration-/],
  ['a category that holds nothing', ['docs', 'empty'], /matches nothing in migration-/],
])('%s is refused', async (_name, terms, says) => {
  await create();
  const refused = await run('export', ...terms.flatMap((term) => ['--only', term]), '--output', out('x.zip'));
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toMatch(says);
  expect(readdirSync(temp.path)).toEqual(['project']);
});

test('a backup that is a part already, and a safety backup, are exported whole', async () => {
  const { backupId } = await create('--only', 'docs,state');
  const refused = await run('export', backupId, '--only', 'docs', '--output', out('x.zip'));
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('made with --only docs, state');
  expect(refused.stderr).toContain(`migbackup export ${backupId}`);
  await create();
  writeFileSync(path.join(root, 'a/x.json'), 'changed');
  const { safetyBackup } = await json<{ safetyBackup: string }>('restore', '--yes');
  const safety = await run('export', safetyBackup, '--only', 'docs', '--output', out('x.zip'));
  expect(safety.exitCode).toBe(2);
  expect(safety.stderr).toContain(`${safetyBackup} is a safety backup`);
});
