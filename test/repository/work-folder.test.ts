import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cleanStale, WorkFolder } from '../../src/core/repository/work-folder.ts';
import { SAMPLE_ID } from '../support/sample-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a commit is one rename that replaces nothing; abandoned and stale work is gone', async () => {
  using repository = tempFolder();
  const work = WorkFolder.begin(repository.path, SAMPLE_ID);
  expect(statSync(work.folder).mode & 0o777).toBe(0o700);
  writeFileSync(path.join(work.folder, 'x'), 'x');
  const final = await work.commit(Promise.resolve());
  expect(final).toBe(path.join(repository.path, SAMPLE_ID));
  const again = WorkFolder.begin(repository.path, SAMPLE_ID);
  await expect(again.commit(Promise.resolve())).rejects.toThrow(expect.objectContaining({ code: 'IO' }));
  expect(existsSync(path.join(final, 'x'))).toBe(true);
  again.abandon();
  expect(existsSync(again.folder)).toBe(false);
  mkdirSync(path.join(repository.path, '.partial-dead/checksums'), { recursive: true });
  expect(cleanStale(repository.path)).toEqual(['.partial-dead']);
  expect(cleanStale(repository.path)).toEqual([]);
});
