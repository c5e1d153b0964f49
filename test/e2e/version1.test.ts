import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { runCli } from '../support/run-cli.ts';
import { schemaViolations } from '../support/schemas.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { makeVersion1Backup, VERSION1_ID, VERSION1_PLACES } from '../support/version1-backup.ts';

let temp: TempFolder;
let root: string;
let folder: string;
beforeEach(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  mkdirSync(root);
  writeFileSync(path.join(root, 'package.json'), '{"name": "now"}');
  const database = new ClassicLevel(path.join(temp.path, 'database'));
  await database.put('key', 'value');
  await database.close();
  folder = makeVersion1Backup(path.join(root, 'backups'), path.join(temp.path, 'database'));
});
afterEach(() => temp[Symbol.dispose]());

/** A dozen runs of the command line each. */
vi.setConfig({ testTimeout: 120_000 });

const inside = (file: string): string => path.join(folder, file);

/** What of the documents is looked at here. */
interface Document {
  readonly status: string;
  readonly same: boolean;
  readonly backupId: string;
  readonly findings: readonly {
    readonly code: string;
    readonly message: string;
    readonly affects?: readonly string[];
  }[];
  readonly backups: readonly unknown[];
  readonly categories: Readonly<Record<string, { readonly sources: readonly unknown[] }>>;
  readonly keep: readonly { readonly backupId: string }[];
  readonly answers: { readonly coverage: unknown };
  readonly changes: readonly { readonly path: string }[];
}

async function json(args: string[], exitCode = 0): Promise<Document> {
  const run = await runCli([...args, '--json'], { cwd: root });
  expect(run.exitCode, run.stdout + run.stderr).toBe(exitCode);
  return JSON.parse(run.stdout);
}

function expectEverything(target: string): void {
  for (const [file, place] of Object.entries(VERSION1_PLACES)) {
    expect(readFileSync(path.join(target, place)), place).toEqual(readFileSync(inside(file)));
  }
  expect(statSync(path.join(target, 'scripts/deploy.ts')).mode & 0o777).toBe(0o755);
  expect(statSync(path.join(target, 'docs/how.md')).mtimeMs).toBe(1_700_000_000_000);
}

test('it is listed, shown, verified honestly and restored, in place and elsewhere; undo takes that back', async () => {
  const before = readTree(folder);
  expect((await json(['list'])).backups).toMatchObject([
    { backupId: VERSION1_ID, status: 'readable', note: 'format version 1' },
  ]);
  const shown = await json(['show', VERSION1_ID, '--files']);
  expect(schemaViolations('show', shown)).toEqual([]);
  expect(shown).toMatchObject({ folder, madeBy: { name: 'scripts of format version 1' } });
  expect(shown.categories['leveldb']?.sources[0]).toMatchObject({ name: 'current', databases: [{ records: 1 }] });

  const report = await json(['verify']);
  expect(schemaViolations('verify', report)).toEqual([]);
  expect(report).toMatchObject({ backupId: VERSION1_ID, status: 'WARNING' });
  const said = report.findings.map(({ message }) => message).join('\n');
  expect(said).toContain('manifest totalFiles says 112');
  expect(said).toContain('manifest categories.legacyJson.files says 0, found 2');
  expect(said).toContain('"contracts" that has no files');

  const to = path.join(temp.path, 'to');
  await json(['restore', VERSION1_ID, '--to', to]);
  expectEverything(to);
  const empty = readTree(root, ['backups', '.migbackup']);
  await json(['restore', '--yes']);
  expectEverything(root);
  expect((await json(['diff', '--live'])).same).toBe(true);
  await json(['undo', '--yes']);
  expect(compareTrees(empty, readTree(root, ['backups', '.migbackup']))).toEqual([]);
  expect(compareTrees(before, readTree(folder))).toEqual([]);
  expect(
    (await json(['prune', '--keep-last', '1', '--keep-safety', '0', '--yes'])).keep.map(({ backupId }) => backupId),
  ).toContain(VERSION1_ID);
});

describe('what is selected must be whole, down to the source; damage elsewhere does not block', () => {
  test.each<[string, () => void, string]>([
    ['altered', () => appendFileSync(inside('legacy-json/historical-backups/2024.json'), ' '), 'file-altered'],
    ['missing', () => rmSync(inside('legacy-json/historical-backups/2024.json')), 'file-missing'],
    [
      'a link instead',
      () => {
        rmSync(inside('legacy-json/historical-backups/2024.json'));
        symlinkSync('/etc/passwd', inside('legacy-json/historical-backups/2024.json'));
      },
      'file-unusable',
    ],
  ])('%s', async (_what, damage, code) => {
    damage();
    const report = await json(['verify'], 4);
    expect(report.status).toBe('FAILED');
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code, severity: 'error', affects: ['legacy-json/historical-backups/2024.json'] }),
    );
    const to = (n: number): string => path.join(temp.path, `to-${n}`);
    await json(['restore', '--to', to(1)], 4);
    await json(['restore', '--only', 'legacy-json', '--to', to(2)], 4);
    await json(['restore', '--only', 'legacy-json/historical-backups', '--yes'], 4);
    expect([existsSync(to(1)), existsSync(to(2)), existsSync(path.join(root, 'deployments'))]).toEqual([
      false,
      false,
      false,
    ]);
    await json(['restore', '--only', 'legacy-json/deployments', '--to', to(3)]);
    expect(existsSync(path.join(to(3), 'deployments/mainnet.json'))).toBe(true);
    await json(['restore', '--only', 'leveldb', '--yes']);
    expect(existsSync(path.join(root, 'leveldb/CURRENT'))).toBe(true);
  });
});

test('a file that is not listed is said; a database that does not read comes back as it is, and that is said', async () => {
  writeFileSync(inside('docs/main/extra.md'), 'x');
  expect((await json(['verify'])).findings).toContainEqual(
    expect.objectContaining({ code: 'file-not-listed', affects: ['docs/main/extra.md'] }),
  );
  rmSync(inside('docs/main/extra.md'));
  const sums = readFileSync(inside('checksums/SHA256SUMS'), 'utf8').split('\n');
  const manifest = sums.find((line) => line.includes('leveldb/current/MANIFEST'))?.slice(66) ?? '';
  rmSync(inside(manifest));
  writeFileSync(inside('checksums/SHA256SUMS'), sums.filter((line) => !line.includes(manifest)).join('\n'));
  const codes = (await json(['verify'])).findings.map(({ code }) => code);
  expect(codes).toContain('database-does-not-read');
  await json(['restore', '--only', 'leveldb', '--yes']);
  expect(existsSync(path.join(root, 'leveldb/CURRENT'))).toBe(true);
});

test.each<[string, () => void]>([
  [
    'a path that leads out',
    () => appendFileSync(inside('checksums/SHA256SUMS'), `${'a'.repeat(64)}  ../../../etc/passwd\n`),
  ],
  ['no list at all', () => writeFileSync(inside('checksums/SHA256SUMS'), 'garbage\n')],
  [
    'two hashes for one file',
    () => appendFileSync(inside('checksums/SHA256SUMS'), `${'a'.repeat(64)}  docs/README.md\n`),
  ],
])('a list of sums with %s makes all of it doubtful', async (_what, damage) => {
  damage();
  expect((await json(['verify'], 4)).status).toBe('FAILED');
  await json(['restore', '--only', 'docs', '--yes'], 4);
  expect(existsSync(path.join(root, 'docs'))).toBe(false);
});

test('an odd or hostile manifest is never believed', async () => {
  for (const text of [
    '',
    '[]',
    '{"version": {"__proto__": 1}, "categories": {"__proto__": {"files": -1}}}',
    'x'.repeat(2 << 20),
  ]) {
    writeFileSync(inside('BACKUP_MANIFEST.json'), text);
    expect((await json(['verify', folder])).status).toBe('WARNING');
  }
  rmSync(inside('BACKUP_MANIFEST.json'));
  expect((await json(['verify', VERSION1_ID])).status).toBe('WARNING');
});

/** As the record of the original migration has it: the list names files that were never there. */
test('listed files that are not there: FAILED, every one of them by name, and what is whole comes back', async () => {
  const missing = Array.from({ length: 9 }, (_, n) => `unified-json/backups/lost-${n}.json`);
  for (const file of missing) appendFileSync(inside('checksums/SHA256SUMS'), `${'a'.repeat(64)}  ${file}\n`);
  const report = await json(['verify', '--rehearse'], 4);
  const found = report.findings.filter(({ code }) => code === 'file-missing');
  expect(found.flatMap(({ affects = [] }) => affects)).toEqual(missing);
  expect(report.findings.map((finding) => JSON.stringify(finding))).toEqual([
    ...new Set(report.findings.map((finding) => JSON.stringify(finding))),
  ]);
  expect((await json(['report'])).answers.coverage).toMatchObject({ yes: false });
  const to = (n: number): string => path.join(temp.path, `to-${n}`);
  await json(['restore', '--to', to(1)], 4);
  await json(['restore', '--yes'], 4);
  await json(['restore', '--only', 'unified-json/backups', '--to', to(1)], 4);
  expect(existsSync(to(1))).toBe(false);
  await json(['restore', '--only', 'unified-json/unified', '--to', to(2)]);
  expect(readTree(to(2)).has('deployments/unified/mainnet.json')).toBe(true);
});

test('where every category is damaged in one source, the others still come back', async () => {
  for (const file of [
    'leveldb/leveldb-inventory.json',
    'legacy-json/mainnet.json',
    'unified-json/mainnet.json',
    'configs/package.json',
    'scripts/deploy.ts',
    'docs/README.md',
  ])
    appendFileSync(inside(file), ' ');
  await json(['restore', '--only', 'leveldb/current', '--only', 'docs/main', '--yes']);
  expect([existsSync(path.join(root, 'leveldb/CURRENT')), existsSync(path.join(root, 'docs/how.md'))]).toEqual([
    true,
    true,
  ]);
  await json(['restore', '--only', 'leveldb/current', '--only', 'docs/root', '--yes'], 4);
});

test('a list whose paths begin with ./ is read, and its spelling is kept', async () => {
  const sums = readFileSync(inside('checksums/SHA256SUMS'), 'utf8');
  writeFileSync(inside('checksums/SHA256SUMS'), sums.replaceAll('  ', '  ./'));
  expect((await json(['verify'])).status).toBe('WARNING');
  rmSync(inside('docs/README.md'));
  expect((await json(['verify'], 4)).findings).toContainEqual(
    expect.objectContaining({ code: 'file-missing', affects: ['./docs/README.md'] }),
  );
});

test('one that has lost its list is not overlooked: damaged, FAILED and not restored', async () => {
  rmSync(inside('checksums/SHA256SUMS'));
  expect((await json(['list'])).backups).toMatchObject([{ backupId: VERSION1_ID, status: 'damaged' }]);
  expect((await json(['verify'], 4)).findings).toContainEqual(expect.objectContaining({ code: 'sums-damaged' }));
  await json(['restore', '--only', 'docs', '--yes'], 4);
});

test('what of a database carries no data is left out, and that is said', async () => {
  const report = await json(['verify']);
  const left = report.findings
    .filter(({ code }) => code === 'file-not-restored')
    .flatMap(({ affects = [] }) => affects);
  expect(left).toEqual(['leveldb/current/LOCK', 'leveldb/current/LOG']);
});

test('it is compared with a backup of today', async () => {
  await json(['restore', VERSION1_ID, '--yes']);
  const { backupId } = await json(['create']);
  expect((await json(['diff', VERSION1_ID, backupId])).changes).toEqual([]);
  writeFileSync(path.join(root, 'docs/how.md'), 'otherwise');
  const { changes } = await json(['diff', VERSION1_ID, '--live']);
  expect(changes.map((change) => change.path)).toEqual(['docs/how.md']);
});

test.each([[[]], [['--only', 'docs']]])('it is not exported: nothing would read the file (%j)', async (terms) => {
  const { stderr, exitCode } = await runCli(['export', VERSION1_ID, ...terms, '--output', '../x.zip'], { cwd: root });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`${VERSION1_ID} is of format version 1, which export does not write`);
  expect(stderr).toContain(`tar -czf ${VERSION1_ID}.tar.gz -C ${path.join(root, 'backups')} ${VERSION1_ID}`);
  expect(existsSync(path.join(temp.path, 'x.zip'))).toBe(false);
});
