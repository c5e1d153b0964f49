import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tempFolder } from '../temp-folder.ts';

const PARTS = ['', '-wal', '-journal'];

/** Whether a sqlite3 shell is on this machine. */
export const HAS_SHELL = spawnSync('sqlite3', ['--version']).status === 0;

/** What the sqlite3 shell prints as the digest of a copy of a database; null: nothing. */
export function shellDigest(file: string): string | null {
  using folder = tempFolder();
  const copy = `${folder.path}/copy.db`;
  for (const part of PARTS) if (fs.existsSync(file + part)) fs.copyFileSync(file + part, copy + part);
  const run = spawnSync('sqlite3', [copy, '.sha3sum --sha3-256 --schema'], { encoding: 'utf8' });
  return run.stdout.trim() || null;
}
