import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const OURS = ['backups', '.migbackup'];

let temp: TempFolder;
let root: string;
beforeEach(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'package.json', '{}');
  writeDatabase(path.join(root, 'leveldb'), [[Buffer.from('key'), Buffer.from('old')]]);
  expect((await runCli(['create'], { cwd: root })).exitCode).toBe(0);
});
afterEach(() => temp[Symbol.dispose]());

test.each(['it is not there', 'nothing can be made in it'])(
  'the way back needs no folder for temporary files: %s',
  async (how) => {
    const tmp = path.join(temp.path, 'tmp');
    // A file in its place answers as a folder in which nothing can be made, to root too.
    if (how !== 'it is not there') fs.writeFileSync(tmp, '');
    const run = (...args: string[]) => runCli(args, { cwd: root, env: { TMPDIR: tmp } });
    const before = readTree(root, OURS);
    expect((await run('validate')).exitCode).not.toBe(5);
    const guarded = await run('guard', '--', 'sh', '-c', 'rm -r leveldb/CURRENT package.json; exit 1');
    expect(guarded).toMatchObject({ exitCode: 20 });
    expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
    fs.rmSync(path.join(root, 'leveldb/CURRENT'));
    expect(await run('restore', '--yes', '--exact')).toMatchObject({ exitCode: 0 });
    expect(compareTrees(before, readTree(root, OURS))).toEqual([]);
    expect(fs.readdirSync(path.join(root, '.migbackup')).filter((name) => name.startsWith('lock-'))).toEqual([]);
  },
);

test('what is left of a probe in .migbackup goes with its process, and not while that lives', async () => {
  const state = path.join(root, '.migbackup');
  for (const name of ['lock-999999999-abcdef', `lock-${process.pid}-abcdef`]) fs.mkdirSync(path.join(state, name));
  expect((await runCli(['recover'], { cwd: root })).exitCode).toBe(0);
  const left = fs.readdirSync(state).filter((name) => name.startsWith('lock-'));
  expect(left).toEqual([`lock-${process.pid}-abcdef`]);
});

test('where it cannot be told whether a database is in use, the hint names what stands there, and no process', async () => {
  const lock = path.join(root, 'leveldb/LOCK');
  fs.rmSync(path.join(root, 'leveldb/CURRENT'));
  fs.rmSync(lock, { force: true });
  execFileSync('mkfifo', [lock]);
  const { exitCode, stderr } = await runCli(['restore', '--yes'], { cwd: root });
  const said = stderr.replaceAll(/\s+/g, ' ');
  expect(exitCode, said).toBe(11);
  expect(said).toContain('it cannot be told whether leveldb is in use: LOCK is not a regular file');
  expect(said).not.toContain('Stop the process');
  expect(said).toContain('Look at leveldb/LOCK, and remove it if nothing uses the database');
  fs.rmSync(lock);
  expect((await runCli(['restore', '--yes'], { cwd: root })).exitCode).toBe(0);
});
