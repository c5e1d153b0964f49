import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { makeVersion1Backup } from '../support/version1-backup.ts';

let temp: TempFolder;
let root: string;
let id: string;
beforeAll(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  expect(await migbackup('create')).toMatchObject({ exitCode: 0 });
  id = readdirSync(path.join(root, 'backups')).find((name) => name.startsWith('migration-')) ?? '';
});
afterAll(() => temp[Symbol.dispose]());

const migbackup = (...args: string[]) => runCli(args, { cwd: root });
const stored = (...parts: string[]): string => path.join(root, 'backups', id, ...parts);
const reports = (): number => readdirSync(path.join(root, 'backups/reports', id)).length;

test('with - the predicate alone is on stdout, and what a person reads on stderr; the verification is on record', async () => {
  const before = reports();
  const { exitCode, stdout, stderr } = await migbackup('report', '--in-toto', '-');
  expect({ exitCode, predicate: JSON.parse(stdout) }).toMatchObject({ exitCode: 0, predicate: { result: 'PASSED' } });
  expect(JSON.parse(stdout)).not.toHaveProperty('url');
  const digest = createHash('sha256')
    .update(readFileSync(stored('checksums/ARTIFACTS.sha256')))
    .digest('hex');
  expect(stderr).toContain(`| subject-digest | sha256:${digest} |`);
  expect(stderr).toContain(`| subject-name | ${id}/checksums/ARTIFACTS.sha256 |`);
  expect(stderr).toContain('PASSED; passed: manifest, index, sums, artifacts, category:');
  expect(reports()).toBe(before + 1);
});

test('an exported file and a part of a backup have the subject that the folder in them has', async () => {
  const whole = path.join(temp.path, 'whole.tar');
  const part = path.join(temp.path, 'part.zip');
  await migbackup('export', '--output', whole);
  await migbackup('export', '--only', 'leveldb', '--output', part);
  const inToto = async (...args: string[]) => {
    const file = path.join(temp.path, `predicate-${readdirSync(temp.path).length}.json`);
    return JSON.parse((await migbackup('report', ...args, '--in-toto', file, '--json')).stdout).inToto;
  };
  const ofFolder = await inToto();
  expect(await inToto(whole)).toEqual({ ...ofFolder, predicatePath: expect.any(String) });
  const ofPart = await inToto(part);
  expect(ofPart.subjectName).not.toBe(ofFolder.subjectName);
  expect(ofPart.subjectDigest).not.toBe(ofFolder.subjectDigest);
  expect(ofPart.predicate.passedTests).toEqual(['manifest', 'index', 'sums', 'artifacts', 'category:leveldb']);
});

test('a file that exists is not replaced, and nothing is verified for it', async () => {
  const file = path.join(temp.path, 'taken.json');
  writeFileSync(file, 'mine');
  const before = reports();
  const { exitCode, stdout } = await migbackup('report', '--in-toto', file, '--json');
  expect({ exitCode, document: JSON.parse(stdout) }).toMatchObject({
    exitCode: 6,
    document: { error: { code: 'TARGET_NOT_EMPTY', path: file } },
  });
  expect(readFileSync(file, 'utf8')).toBe('mine');
  expect(reports()).toBe(before);
});

test.each(['BACKUP_MANIFEST.json', 'checksums/ARTIFACTS.sha256'])('without %s there is no predicate', async (name) => {
  renameSync(stored(name), path.join(temp.path, 'away'));
  try {
    const file = path.join(temp.path, 'none.json');
    const { exitCode, stdout } = await migbackup('report', id, '--in-toto', file, '--json');
    expect({ exitCode, document: JSON.parse(stdout) }).toMatchObject({
      exitCode: 4,
      document: { error: { code: 'BACKUP_DAMAGED' } },
    });
    expect(existsSync(file)).toBe(false);
  } finally {
    renameSync(path.join(temp.path, 'away'), stored(name));
  }
});

test('a backup of format version 1 has no list to attest', async () => {
  const database = path.join(temp.path, 'database');
  mkdirSync(database);
  const folder = makeVersion1Backup(path.join(temp.path, 'old'), database);
  const file = path.join(temp.path, 'version1.json');
  const { exitCode, stderr } = await migbackup('report', folder, '--in-toto', file);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('is of format version 1') });
  expect(existsSync(file)).toBe(false);
  rmSync(folder, { recursive: true });
});
