import { expect, test } from 'vitest';
import { showReportSchema } from '../../src/core/model/show-report.ts';
import { show } from '../../src/core/operations/show.ts';
import { makeSampleBackup, SAMPLE_ID, testContext } from '../support/sample-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('figures, and with --files the entries that are selected', async () => {
  using repository = tempFolder();
  const selected = { id: SAMPLE_ID, folder: await makeSampleBackup(repository.path, SAMPLE_ID), dispose() {} };
  const plain = showReportSchema.parse(await show(selected, {}, testContext));
  expect(plain).toMatchObject({
    backupId: SAMPLE_ID,
    entries: null,
    selected: null,
    categories: { docs: { files: 1 } },
  });
  const paths = async (only: string[], limit?: number) =>
    (await show(selected, { files: true, only, limit }, testContext)).entries?.map((entry) => entry.path);
  for (const all of [[], ['docs'], ['docs/main'], ['docs/']]) expect(await paths(all)).toEqual(['docs', 'docs/a.md']);
  expect(await paths(['**/*.md'])).toEqual(['docs/a.md']);
  expect(await paths(['docs/a.md'])).toEqual(['docs/a.md']);
  expect(await paths([], 1)).toEqual(['docs']);
  await expect(paths(['nothing'])).rejects.toThrow(expect.objectContaining({ code: 'NOTHING_SELECTED' }));
});
