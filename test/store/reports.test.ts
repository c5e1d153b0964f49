import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lastVerification, logOperation, readOperations, writeReport } from '../../src/core/store/reports.ts';
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
