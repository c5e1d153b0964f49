import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lastVerification, logOperation, readOperations, writeReport } from '../../src/core/repository/reports.ts';
import { isAbout } from '../../src/core/repository/report-subject.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a later FAILED of any scope outweighs a full PASSED', async () => {
  using repository = tempFolder();
  const write = (status: string, mode: string): void => {
    writeReport(repository.path, 'id', 'verify', { startedAt: new Date().toISOString(), status, scope: { mode } });
  };
  expect(lastVerification(repository.path, 'id')).toBeNull();
  write('PASSED', 'full');
  await new Promise((resolve) => setTimeout(resolve, 3));
  write('FAILED', 'quick');
  expect(lastVerification(repository.path, 'id')).toMatchObject({ status: 'FAILED', mode: 'quick' });
});

test('what was verified elsewhere says nothing of the backup in the repository; a repository that was moved keeps its reports', () => {
  using temp = tempFolder();
  const repository = path.join(temp.path, 'repository');
  const copy = path.join(temp.path, 'copies', 'id');
  for (const folder of [path.join(repository, 'id'), copy]) mkdirSync(folder, { recursive: true });
  const write = (folder: string): unknown =>
    writeReport(repository, 'id', 'verify', { folder, startedAt: 'then', status: 'PASSED', scope: { mode: 'full' } });
  write(copy);
  write(path.join(temp.path, 'id.tar'));
  expect(lastVerification(repository, 'id')).toBeNull();
  rmSync(copy, { recursive: true });
  expect(lastVerification(repository, 'id')).toBeNull();
  expect(isAbout({ folder: copy }, copy, repository)).toBe(true);
  write(path.join(repository, 'id'));
  expect(lastVerification(repository, 'id')).toMatchObject({ status: 'PASSED' });
  expect(isAbout({ folder: path.join(repository, 'id') }, copy, repository)).toBe(false);
  renameSync(repository, path.join(temp.path, 'moved'));
  expect(lastVerification(path.join(temp.path, 'moved'), 'id')).toMatchObject({ status: 'PASSED' });
});

test('a report that cannot be written is a finding; the log survives a torn line', () => {
  using repository = tempFolder();
  logOperation(repository.path, { operation: 'a' });
  appendFileSync(path.join(repository.path, 'reports/operations.ndjson'), '{"oper');
  expect(readOperations(repository.path)).toEqual([{ operation: 'a' }]);
  logOperation(repository.path, { operation: 'b' });
  expect(readOperations(repository.path)).toEqual([{ operation: 'a' }, { operation: 'b' }]);
  writeFileSync(path.join(repository.path, 'reports/id'), 'a file in the way');
  expect(writeReport(repository.path, 'id', 'verify', {})).toMatchObject({
    file: null,
    finding: { code: 'report-not-written' },
  });
});
