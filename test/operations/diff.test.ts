import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { create } from '../../src/core/operations/create.ts';
import { diffBackups, diffLive } from '../../src/core/operations/diff.ts';
import type { DiffReport } from '../../src/core/model/diff-report.ts';
import type { SelectedBackup } from '../../src/core/repository/selected.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { rewriteManifest } from '../support/rewrite-backup.ts';

const SQLITE_SAME = { path: 'deployments/state.db', engine: 'sqlite', same: true, before: { records: 8 } };

let backup: RealBackup;
let first: SelectedBackup;
beforeEach(async () => {
  backup = await makeRealBackup();
  first = { id: backup.id, folder: backup.folder, dispose() {} };
});
afterEach(() => backup[Symbol.dispose]());

const inside = (relative: string): string => path.join(backup.root, relative);

/** `+ a`, `- b`, `~ c content mode`, in the order of the report. */
function lines({ changes }: DiffReport): string[] {
  const sign = { added: '+', removed: '-', changed: '~' };
  return changes.map(({ change, path: file, differs }) => [sign[change], file, ...differs].join(' '));
}

async function changeEverything(): Promise<void> {
  writeFileSync(inside('deployments/mainnet/New.json'), '{}');
  rmSync(inside('deployments/mainnet/Token.json'));
  appendFileSync(inside('deployments/mainnet/Vault.json'), ' ');
  writeFileSync(inside('deployments/mainnet/.chainId'), '2');
  chmodSync(inside('scripts/deploy.ts'), 0o600);
  rmSync(inside('deployments/registry-link.json'));
  symlinkSync('elsewhere', inside('deployments/registry-link.json'));
  rmSync(inside('README.md'));
  mkdirSync(inside('docs/README.md'));
  utimesSync(inside('package.json'), 1, 1);
  const database = new ClassicLevel(inside('leveldb'));
  await database.put('one more', 'entry');
  await database.close();
}

const EXPECTED = [
  '~ deployments/mainnet/.chainId content',
  '+ deployments/mainnet/New.json',
  '- deployments/mainnet/Token.json',
  '~ deployments/mainnet/Vault.json content',
  '~ deployments/registry-link.json target',
  '~ scripts/deploy.ts mode',
  '- README.md',
  '+ docs/README.md',
];

const isOurs = (line: string): boolean => !line.includes(' leveldb/');

test('a backup equals the tree that it was taken of; times alone are no change', async () => {
  utimesSync(inside('package.json'), 1, 1);
  const report = await diffLive(backup.project, first, context);
  expect(report).toMatchObject({ same: true, changes: [], databases: [SQLITE_SAME, { path: 'leveldb', same: true }] });
});

test('the live tree and a second backup of it differ from the first in the same way', async () => {
  await changeEverything();
  const live = await diffLive(backup.project, first, context);
  expect(lines(live).filter(isOurs).toSorted()).toEqual(EXPECTED.toSorted());
  expect(live.databases).toMatchObject([
    SQLITE_SAME,
    { before: { records: 200 }, after: { records: 201 }, same: false },
  ]);
  expect(live.categories['legacy-json']).toMatchObject({ added: 1, removed: 1, changed: 3 });

  const { backupId: id, folder } = await create(backup.project, { verify: true, allowPartial: false }, context);
  const second = { id, folder, dispose() {} };
  const between = await diffBackups(first, second, context);
  // A live file whose size tells enough is not read for its hash.
  const withoutHash = ({ changes }: DiffReport) =>
    changes.map((change) => ({ ...change, sha256Before: '', sha256After: '' }));
  expect(withoutHash(between)).toEqual(withoutHash(live));
  const of = (report: DiffReport, file: string) => report.changes.find((change) => change.path === file);
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  for (const report of [live, between]) {
    expect(of(report, 'deployments/mainnet/.chainId')).toMatchObject({
      sha256Before: sha256('1'),
      sha256After: sha256('2'),
    });
    expect(of(report, 'scripts/deploy.ts')).toMatchObject({ modeBefore: '0644', modeAfter: '0600' });
  }
  expect(of(live, 'deployments/mainnet/Vault.json')?.sha256After).toBe(null);
  expect(of(between, 'deployments/mainnet/Vault.json')?.sha256After).toMatch(/^[0-9a-f]{64}$/);
  expect(between.databases).toEqual(live.databases);
  const back = await diffBackups(second, first, context);
  const swapped = { added: 'removed', removed: 'added', changed: 'changed' } as const;
  expect(back.changes.map((change) => [change.path, change.change])).toEqual(
    live.changes.map((change) => [change.path, swapped[change.change]]),
  );
});

test('categories in another order are compared all the same', async () => {
  await changeEverything();
  const { config } = backup.project;
  const turned = { ...backup.project, config: { ...config, categories: config.categories.toReversed() } };
  const { backupId: id, folder } = await create(turned, { verify: true, allowPartial: false }, context);
  const report = await diffBackups(first, { id, folder, dispose() {} }, context);
  expect(lines(report).filter(isOurs).toSorted()).toEqual(EXPECTED.toSorted());
});

test('a live database that does not read is said, not fatal', async () => {
  rmSync(inside('leveldb'), { recursive: true });
  mkdirSync(inside('leveldb'));
  writeFileSync(inside('leveldb/CURRENT'), 'MANIFEST-000009\n');
  writeFileSync(inside('leveldb/MANIFEST-000009'), 'not a manifest');
  const report = await diffLive(backup.project, first, context);
  expect(report.databases).toMatchObject([
    SQLITE_SAME,
    { after: null, same: false, problem: expect.stringContaining('MANIFEST') },
  ]);
});

test('what cannot be compared is said, and then nothing is called the same', async () => {
  writeFileSync(Buffer.concat([Buffer.from(inside('deployments/bad-')), Buffer.from([0xff])]), '{}');
  const report = await diffLive(backup.project, first, context);
  expect(report).toMatchObject({ same: false, changes: [] });
  expect(report.findings).toMatchObject([
    { code: 'not-compared', category: 'legacy-json', message: expect.stringContaining('not UTF-8') },
  ]);
});

test('what a backup leaves out is said once it is new', async () => {
  writeFileSync(inside('deployments/.env'), 'KEY=1');
  const report = await diffLive(backup.project, first, context);
  expect(report).toMatchObject({ same: true, findings: [{ code: 'secret-left-out', path: 'deployments/.env' }] });
  const { backupId: id, folder } = await create(backup.project, { verify: true, allowPartial: false }, context);
  expect((await diffLive(backup.project, { id, folder, dispose() {} }, context)).findings).toEqual([]);
});

test('an index that is not the one of its manifest is refused', async () => {
  const folder = backup.copy();
  rewriteManifest(folder, (manifest) => {
    Object.assign(Object(manifest['index']), { sha256: 'a'.repeat(64) });
  });
  await expect(diffLive(backup.project, { ...first, folder }, context)).rejects.toMatchObject({
    code: 'BACKUP_DAMAGED',
  });
});
