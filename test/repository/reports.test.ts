import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lastVerification, logOperation, readOperations, writeReport } from '../../src/core/repository/reports.ts';
import { isAbout } from '../../src/core/repository/report-subject.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a later FAILED of any scope outweighs a full PASSED', async () => {
  using store = tempFolder();
  const write = (status: string, mode: string): void => {
    writeReport(store.path, 'id', 'verify', { startedAt: new Date().toISOString(), status, scope: { mode } });
  };
  expect(lastVerification(store.path, 'id')).toBeNull();
  write('PASSED', 'full');
  await new Promise((resolve) => setTimeout(resolve, 3));
  write('FAILED', 'quick');
  expect(lastVerification(store.path, 'id')).toMatchObject({ status: 'FAILED', scope: 'quick' });
});

test('what was verified elsewhere says nothing of the backup in the store; a store that was moved keeps its reports', () => {
  using temp = tempFolder();
  const store = path.join(temp.path, 'store');
  const copy = path.join(temp.path, 'copies', 'id');
  for (const folder of [path.join(store, 'id'), copy]) mkdirSync(folder, { recursive: true });
  const write = (folder: string): unknown =>
    writeReport(store, 'id', 'verify', { folder, startedAt: 'then', status: 'PASSED', scope: { mode: 'full' } });
  write(copy);
  write(path.join(temp.path, 'id.tar'));
  expect(lastVerification(store, 'id')).toBeNull();
  rmSync(copy, { recursive: true });
  expect(lastVerification(store, 'id')).toBeNull();
  expect(isAbout({ folder: copy }, copy, store)).toBe(true);
  write(path.join(store, 'id'));
  expect(lastVerification(store, 'id')).toMatchObject({ status: 'PASSED' });
  expect(isAbout({ folder: path.join(store, 'id') }, copy, store)).toBe(false);
  renameSync(store, path.join(temp.path, 'moved'));
  expect(lastVerification(path.join(temp.path, 'moved'), 'id')).toMatchObject({ status: 'PASSED' });
});

test('a report that cannot be written is a finding; the log survives a torn line', () => {
  using store = tempFolder();
  logOperation(store.path, { operation: 'a' });
  appendFileSync(path.join(store.path, 'reports/operations.ndjson'), '{"oper');
  expect(readOperations(store.path)).toEqual([{ operation: 'a' }]);
  logOperation(store.path, { operation: 'b' });
  expect(readOperations(store.path)).toEqual([{ operation: 'a' }, { operation: 'b' }]);
  writeFileSync(path.join(store.path, 'reports/id'), 'a file in the way');
  expect(writeReport(store.path, 'id', 'verify', {})).toMatchObject({
    file: null,
    finding: { code: 'report-not-written' },
  });
});
