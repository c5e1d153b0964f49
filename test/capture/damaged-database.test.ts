import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { flipBit } from '../support/flip-bit.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSampleProject } from '../support/sample-project.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* A LevelDB that is damaged in the project: what create, guard and validate say to do about it. */

let temp: TempFolder;
let root: string;
beforeEach(async () => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  await makeSampleProject(root, { entries: 20 });
  return () => temp[Symbol.dispose]();
});

const run = (...args: string[]) => runCli(args, { cwd: root });
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');
const namesLike = (pattern: RegExp): string[] =>
  fs.readdirSync(path.join(root, 'leveldb')).filter((name) => pattern.test(name));
const flip = (): void => namesLike(/\.log$/).forEach((name) => flipBit(path.join(root, 'leveldb', name), 100));
const lose = (): void => namesLike(/^MANIFEST/).forEach((name) => fs.rmSync(path.join(root, 'leveldb', name)));

test.each<[string, () => void]>([
  ['of which a record is altered', flip],
  ['whose MANIFEST is missing', lose],
])(
  'one %s: the line that brings back its newest proven state, not --allow-partial',
  async (_, damage) => {
    const { backupId: older }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
    const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
    const before = readTree(path.join(root, 'leveldb'), ['LOCK', 'LOG']);
    damage();
    // Newer, and without it, or with it unproven.
    expect((await run('create', '--only', 'docs')).exitCode).toBe(0);
    expect((await run('create', '--raw', 'leveldb')).exitCode).toBe(0);

    const line = `migbackup restore ${backupId} --only leveldb/`;
    for (const args of [['create'], ['guard', '--', 'true']]) {
      const { exitCode, stderr } = await run(...args);
      expect(exitCode).toBe(5);
      expect(stderr).toContain('(DATABASE_DAMAGED)');
      expect(oneLine(stderr)).toContain(`hint ${line} brings back its newest proven state. `);
      expect(stderr).toContain('--raw');
      expect(stderr).not.toContain('--allow-partial');
    }
    const checked = await run('validate');
    expect(checked.exitCode).toBe(4);
    expect(oneLine(checked.stdout)).toContain(`-> ${line} brings back its newest proven state.`);

    // One that is known to be damaged is not offered.
    flipBit(path.join(root, 'backups', backupId, 'leveldb.tar.zst'), 60);
    expect((await run('verify', backupId)).exitCode).toBe(4);
    const next = line.replace(backupId, older);
    expect(oneLine((await run('create')).stderr)).toContain(`hint ${next} brings back its newest proven state. `);
    expect(await run(...next.split(' ').slice(1), '--yes')).toMatchObject({ exitCode: 0 });
    expect(compareTrees(before, readTree(path.join(root, 'leveldb'), ['LOCK', 'LOG']))).toEqual([]);
    expect((await run('create')).exitCode).toBe(0);
  },
  120_000,
);

test('where no backup has it proven, nothing is offered that does not exist; it comes first among what is wrong', async () => {
  lose();
  put(root, String.raw`docs/a\b.md`);
  const { exitCode, stderr } = await run('create');
  expect(exitCode).toBe(5);
  expect(stderr).toMatch(/^error {2}leveldb: is a LevelDB database with missing parts \(and 1 more\)/);
  expect(stderr).not.toMatch(/--allow-partial|migbackup restore/);
  expect(oneLine((await run('validate')).stdout)).not.toContain('brings back its newest');
});
