import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Project } from '../../src/core/model/category.ts';
import { listReportSchema } from '../../src/core/model/list-report.ts';
import { list } from '../../src/core/operations/list.ts';
import { selectBackup } from '../../src/core/repository/select.ts';
import { writeReport } from '../../src/core/repository/reports.ts';
import { makeSampleBackup, SAMPLE_ID, testContext } from '../support/sample-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

const OLDER = 'migration-2026-11-22T07-38-00-123Z';
const SAFETY = 'safety-2026-11-24T07-38-00-123Z';
const config = {
  file: undefined,
  categories: [],
  written: [],
  compression: 'zstd',
  level: 1,
  includeSecrets: false,
  secrets: [],
  ignore: [],
} as const;

test('all backups are listed, newest first, damaged ones with what is wrong', async () => {
  using folder = tempFolder();
  const repository = path.join(folder.path, 'backups');
  const project: Project = { root: folder.path, repository, config };
  expect((await list(project, {}, testContext)).backups).toEqual([]);
  for (const id of [OLDER, SAMPLE_ID, SAFETY]) await makeSampleBackup(repository, id, 1000);
  rmSync(path.join(repository, OLDER, 'BACKUP_MANIFEST.json'));
  mkdirSync(path.join(repository, '.partial-x'));
  mkdirSync(path.join(folder.path, '.migbackup/txn'), { recursive: true });
  writeFileSync(path.join(folder.path, '.migbackup/txn/plan.json'), '');
  const verified = { startedAt: '2026-11-25T00:00:00.000Z', status: 'PASSED', scope: { mode: 'full' } };
  writeReport(repository, SAMPLE_ID, 'verify', verified);
  writeReport(repository, SAMPLE_ID, 'verify', { ...verified, scope: { mode: 'quick' } });
  const report = listReportSchema.parse(await list(project, {}, testContext));
  expect(report).toMatchObject({ unfinishedTransaction: true, findings: [{ code: 'stale-work' }] });
  expect(report.backups).toMatchObject([
    { backupId: SAFETY, kind: 'safety', status: 'readable' },
    { backupId: SAMPLE_ID, note: 'a note', categories: ['docs'], lastVerification: { mode: 'full', status: 'PASSED' } },
    { backupId: OLDER, status: 'damaged', files: null, problem: expect.stringContaining('missing') },
  ]);
});

test('a backup is selected by id, prefix, path or as the newest of kind migration', async () => {
  using folder = tempFolder();
  const repository = path.join(folder.path, 'backups');
  const pick = async (selector?: string) =>
    (await selectBackup({ root: folder.path, repository, config }, selector ?? 'latest', { cwd: folder.path })).id;
  await expect(pick()).rejects.toThrow(expect.objectContaining({ code: 'NO_SUCH_BACKUP' }));
  for (const id of [OLDER, SAMPLE_ID, SAFETY]) await makeSampleBackup(repository, id, 1000);
  expect(await pick()).toBe(SAMPLE_ID);
  expect(await pick('safety')).toBe(SAFETY);
  expect(await pick('migration-2026-11-22')).toBe(OLDER);
  expect(await pick(`backups/${OLDER}`)).toBe(OLDER);
  expect(await pick(path.join(repository, OLDER))).toBe(OLDER);
  await expect(pick('migration')).rejects.toThrow(
    expect.objectContaining({ code: 'AMBIGUOUS_BACKUP', details: { candidates: [SAMPLE_ID, OLDER] } }),
  );
  await expect(pick(SAFETY.replace('24T', '25T'))).rejects.toThrow(
    expect.objectContaining({ code: 'NO_SUCH_BACKUP', hint: expect.stringContaining(SAFETY) }),
  );
});

test('an id with a slip in it is answered with those that are close, and with no other', async () => {
  using folder = tempFolder();
  const repository = path.join(folder.path, 'backups');
  const project = { root: folder.path, repository, config };
  const failed = async (selector: string) =>
    selectBackup(project, selector, { cwd: folder.path }).catch((error: unknown) => error);
  expect(await failed('latest')).toMatchObject({
    message: `there is no backup in ${repository}, which does not exist`,
  });
  for (const id of [OLDER, SAMPLE_ID, SAFETY]) await makeSampleBackup(repository, id, 1000);
  mkdirSync(path.join(folder.path, 'docs'));

  const list = 'migbackup list shows all backups (3).';
  for (const slip of [`${SAMPLE_ID}Z`, SAMPLE_ID.replace('T', 't'), `${SAMPLE_ID.slice(10, -1)}z`])
    expect(await failed(slip), slip).toMatchObject({ hint: `${list} Did you mean ${SAMPLE_ID}?` });
  for (const other of ['zzz', 'nosuch', 'migration-2020-01-01T00-00-00-000Z', ''])
    expect(await failed(other), other).toMatchObject({ message: `no backup matches "${other}"`, hint: list });
  expect(await failed('./a/b')).toMatchObject({ message: 'there is no file or folder ./a/b', hint: list });
  expect(await failed('x.zip')).toMatchObject({ message: 'there is no file or folder x.zip' });
  expect(await failed('docs')).toMatchObject({ message: 'the folder docs is not a backup', hint: list });
});
