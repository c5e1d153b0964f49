import { spawnSync } from 'node:child_process';
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { removeDeadTemporaries, temporaryBeside } from '../../src/core/fs/temporary-file.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('what a process that has ended left under a temporary name goes; what one at work has, and everything else, stays', () => {
  using folder = tempFolder();
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  const mine = temporaryBeside(path.join(folder.path, 'report.json'));
  writeFileSync(mine, '');
  const dead = `report.json.${ended}-0123456789ab.tmp`;
  for (const name of [dead, 'report.json', 'mine.tmp', `${ended}.tmp`]) writeFileSync(path.join(folder.path, name), '');
  expect(removeDeadTemporaries(folder.path)).toEqual([dead]);
  expect(readdirSync(folder.path).toSorted()).toEqual(
    ['report.json', 'mine.tmp', `${ended}.tmp`, path.basename(mine)].toSorted(),
  );
  expect(removeDeadTemporaries(path.join(folder.path, 'nowhere'))).toEqual([]);
  writeFileSync(path.join(folder.path, dead), '');
  symlinkSync('.', path.join(folder.path, 'link'));
  expect(removeDeadTemporaries(path.join(folder.path, 'link'))).toEqual([]);
});
