import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readManifest } from '../../src/core/format/manifest-file.ts';
import { makeSampleBackup, SAMPLE_ID } from '../support/sample-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('unknown keys are kept, __proto__ and doubled keys are refused, and what is wrong is named', async () => {
  using repository = tempFolder();
  const backup = await makeSampleBackup(repository.path, SAMPLE_ID);
  const file = path.join(backup, 'BACKUP_MANIFEST.json');
  const text = readFileSync(file, 'utf8');
  const fails = (written: string, code: string, message = ''): void => {
    writeFileSync(file, written);
    expect(() => readManifest(backup)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  };
  writeFileSync(file, text.replace('{', '{ "future": 1,'));
  const manifest = readManifest(backup);
  expect(manifest).toMatchObject({ backupId: SAMPLE_ID, future: 1 });
  fails(text.replace('{', '{ "__proto__": { "polluted": true },'), 'BACKUP_DAMAGED', 'called __proto__');
  fails(text.replace('"kind": "migration"', '"kind": "safety", "kind": "migration"'), 'BACKUP_DAMAGED', 'twice');
  const escaped = String.raw`"kind": "safety", "\u006bind": "migration"`;
  fails(text.replace('"kind": "migration"', escaped), 'BACKUP_DAMAGED', 'twice');
  fails(text.replace('"formatVersion": 2', '"formatVersion": 3'), 'FORMAT_UNSUPPORTED', '3');
  fails(text.replace('"kind": "migration"', '"kind": "other"'), 'BACKUP_DAMAGED', 'kind');
  fails('{', 'BACKUP_DAMAGED', 'not JSON');
  fails('[]', 'BACKUP_DAMAGED');
});
