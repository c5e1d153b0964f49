import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/core/model/backup-error.ts';
import { ERROR_MEANINGS } from '../../src/core/model/error-meanings.ts';
import { exitCodeOfError, exitCodeOfStatus } from '../../src/cli/exit-code.ts';
import { expectSentence } from '../support/sentence.ts';

test('every error code has the exit code that the contract gives it', () => {
  const byExit = Object.groupBy(ERROR_CODES, (code) => exitCodeOfError(code));
  expect(byExit).toMatchObject({
    1: ['INTERNAL'],
    4: ['BACKUP_DAMAGED', 'POST_CHECK_FAILED'],
    7: ['ROLLBACK_FAILED', 'WAY_BACK_FAILED'],
    10: ['NO_SUCH_BACKUP', 'NO_SUCH_DATABASE', 'NO_SUCH_RECORD', 'NOTHING_TO_UNDO'],
    11: ['LOCKED', 'DATABASE_HELD'],
    130: ['INTERRUPTED'],
  });
  expect(Object.keys(byExit).map(Number)).toEqual([1, 2, 4, 5, 6, 7, 10, 11, 130]);
});

test('what an error code means is one sentence', () => {
  Object.values(ERROR_MEANINGS).forEach(expectSentence);
});

test('findings that are only warnings are 0 unless asked for', () => {
  expect(exitCodeOfStatus('WARNING')).toBe(0);
  expect(exitCodeOfStatus('WARNING', 'warning')).toBe(4);
  expect(exitCodeOfStatus('FAILED')).toBe(4);
  expect(exitCodeOfStatus('CRITICAL')).toBe(4);
  expect(exitCodeOfStatus('partial')).toBe(3);
});
