import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { tempFolder } from './temp-folder.ts';

function flagsWork(): boolean {
  using temp = tempFolder();
  const file = path.join(temp.path, 'file');
  fs.writeFileSync(file, '');
  const set = spawnSync('chattr', ['+i', file]).status;
  const seen = spawnSync('lsattr', [file], { encoding: 'utf8' }).stdout;
  spawnSync('chattr', ['-i', file]);
  return set === 0 && /^[^ ]*i/.test(seen);
}

/** Why no file can be made immutable on this machine, or null. */
export const whyNotFlags = flagsWork() ? null : 'flags of files cannot be set here';
