import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspectVersion1 } from '../../src/core/import-v1/inspect.ts';
import { listBackups } from '../../src/core/repository/catalog.ts';
import { backupStatus } from '../../src/core/repository/backup-status.ts';
import { version1Time } from '../../src/core/format/version1.ts';
import { put } from '../support/files.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { makeVersion1Backup, resumVersion1, VERSION1_ID } from '../support/version1-backup.ts';

const SUMS = 'checksums/SHA256SUMS';

let temp: TempFolder;
let folder: string;
beforeEach(() => {
  temp = tempFolder();
  put(temp.path, 'database/CURRENT', 'MANIFEST-000001\n');
  folder = makeVersion1Backup(path.join(temp.path, 'repository'), path.join(temp.path, 'database'));
});
afterEach(() => temp[Symbol.dispose]());

const copyOf = (place: string): string | undefined =>
  inspectVersion1(folder).copies.find((copy) => copy.place.path === place)?.file;
const about = (file: string): unknown => inspectVersion1(folder).findings.find((finding) => finding.path === file);

test('a file that nothing proves takes the place of none that SHA256SUMS proves', () => {
  put(folder, 'legacy-json/unified/mainnet.json', '{"planted": 1}');
  expect(copyOf('deployments/unified/mainnet.json')).toBe('unified-json/mainnet.json');
  expect(about('legacy-json/unified/mainnet.json')).toMatchObject({ severity: 'warning' });
  resumVersion1(folder);
  expect(copyOf('deployments/unified/mainnet.json')).toBe('legacy-json/unified/mainnet.json');
  expect(about('unified-json/mainnet.json')).toMatchObject({
    code: 'files-collide',
    severity: 'error',
    category: 'unified-json',
  });
});

test('nothing from another folder comes back inside the database', () => {
  put(folder, 'configs/leveldb/000099.log', 'planted');
  resumVersion1(folder);
  expect(copyOf('leveldb/000099.log')).toBeUndefined();
  expect(about('configs/leveldb/000099.log')).toMatchObject({ code: 'file-unusable', severity: 'error' });
});

test('what would have to be a file and a folder is named', () => {
  put(folder, 'configs/docs', 'a file');
  resumVersion1(folder);
  expect(about('docs/main/how.md')).toMatchObject({ code: 'file-unusable', category: 'docs' });
  rmSync(path.join(folder, 'configs/docs'));
  put(folder, 'legacy-json/unified/mainnet.json/x', 'below a file');
  resumVersion1(folder);
  expect(about('unified-json/mainnet.json')).toMatchObject({ code: 'file-unusable', category: 'unified-json' });
});

test('a list whose last line has no end is read; one that was cut off names a file that is missing', () => {
  const sums = readFileSync(path.join(folder, SUMS), 'utf8');
  writeFileSync(path.join(folder, SUMS), sums.trimEnd());
  expect(inspectVersion1(folder).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  writeFileSync(path.join(folder, SUMS), sums.trimEnd().slice(0, -3));
  expect(inspectVersion1(folder).findings).toContainEqual(expect.objectContaining({ code: 'file-missing' }));
  writeFileSync(path.join(folder, SUMS), sums.slice(0, 40));
  expect(inspectVersion1(folder).findings).toContainEqual(expect.objectContaining({ code: 'sums-damaged' }));
});

test.each([
  ['a link', (sums: string) => symlinkSync('/etc/passwd', sums)],
  ['a folder', (sums: string) => mkdirSync(sums)],
])('%s in the place of the list is a finding, and hides no other backup', (_, plant) => {
  rmSync(path.join(folder, SUMS));
  plant(path.join(folder, SUMS));
  expect(inspectVersion1(folder).findings).toContainEqual(expect.objectContaining({ code: 'sums-damaged' }));
  const listed = listBackups(path.dirname(folder));
  expect(listed).toMatchObject([{ id: VERSION1_ID }]);
  expect(listed.map((ref) => backupStatus(ref).problem)).toEqual([
    expect.stringContaining('SHA256SUMS cannot be read'),
  ]);
});

test('a time that no id can say is not believed', () => {
  for (const timestamp of ['+200000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', 'yesterday']) {
    writeFileSync(path.join(folder, 'BACKUP_MANIFEST.json'), JSON.stringify({ version: '1.0.0', timestamp }));
    expect(version1Time(folder).getUTCFullYear(), timestamp).toBeGreaterThan(2000);
    expect(version1Time(folder).getUTCFullYear(), timestamp).toBeLessThan(10_000);
  }
  appendFileSync(path.join(folder, 'BACKUP_MANIFEST.json'), 'no JSON');
  expect(version1Time(folder).getUTCFullYear()).toBeGreaterThan(2000);
});
