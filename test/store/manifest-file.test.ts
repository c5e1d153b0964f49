import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readManifest } from '../../src/core/store/manifest-file.ts';
import { makeSampleBackup, SAMPLE_ID } from '../support/sample-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('unknown keys are kept, __proto__ is harmless, and what is wrong is named', async () => {
  using store = tempFolder();
  const backup = await makeSampleBackup(store.path, SAMPLE_ID);
  const file = path.join(backup, 'BACKUP_MANIFEST.json');
  const text = readFileSync(file, 'utf8');
  const fails = (written: string, code: string, message = ''): void => {
    writeFileSync(file, written);
    expect(() => readManifest(backup)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  };
  writeFileSync(file, text.replace('{', '{ "future": 1, "__proto__": { "polluted": true },'));
  const manifest = readManifest(backup);
  expect(manifest).toMatchObject({ backupId: SAMPLE_ID, future: 1 });
  expect('polluted' in manifest).toBe(false);
  fails(text.replace('"formatVersion": 2', '"formatVersion": 3'), 'FORMAT_UNSUPPORTED', '3');
  fails(text.replace('"kind": "migration"', '"kind": "other"'), 'BACKUP_DAMAGED', 'kind');
  fails('{', 'BACKUP_DAMAGED', 'not JSON');
  fails('[]', 'BACKUP_DAMAGED');
});
