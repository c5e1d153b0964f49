import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { cleanEnvironment, cliCommand } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let root: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'deployments/deep/a.json', '{"old": true}');
  put(root, 'deployments/b.json', '{}');
  using database = new DatabaseSync(path.join(root, 'deployments/app.db'));
  database.exec('CREATE TABLE t (k); INSERT INTO t VALUES (1)');
});
afterEach(() => temp[Symbol.dispose]());

/** Runs `migbackup` under a umask. @returns its stdout */
function under(umask: string, ...args: string[]): string {
  const [program, ...leading] = cliCommand();
  const words = ['-c', `umask ${umask}; exec "$@"`, 'sh', program, ...leading, ...args];
  return execFileSync('sh', words, { cwd: root, env: cleanEnvironment(), encoding: 'utf8' });
}

/** Folders at and below a place that their owner cannot use. */
function unusable(place: string): string[] {
  const all = execFileSync('find', [place, '-type', 'd', '!', '-perm', '-700'], { encoding: 'utf8' });
  return all.split('\n').filter((line) => line !== '');
}

test.skipIf(process.platform === 'win32').each([['777'], ['277']])(
  'under umask %s the folders that create, restore and guard make can be used by their owner',
  (umask) => {
    under(umask, 'create');
    expect(unusable(root)).toEqual([]);
    execFileSync('rm', ['-r', path.join(root, 'deployments')]);
    under(umask, 'restore', '--yes');
    expect(unusable(root)).toEqual([]);
    const to = path.join(temp.path, 'new/copy');
    under(umask, 'restore', '--to', to);
    expect(unusable(path.join(temp.path, 'new'))).toEqual([]);
    expect(readFileSync(path.join(to, 'deployments/deep/a.json'), 'utf8')).toBe('{"old": true}');
    under(umask, 'undo', '--yes');
    under(umask, 'undo', '--yes');
    under(umask, 'guard', '--', 'sh', '-c', 'umask > ../umask; chmod 600 ../umask; rm -r deployments; exit 0');
    under(umask, 'undo', '--yes');
    expect(unusable(root)).toEqual([]);
    // The guarded command has the umask that was given.
    expect(readFileSync(path.join(temp.path, 'umask'), 'utf8').trim()).toMatch(new RegExp(`^0?${umask}$`));
  },
);

test.skipIf(process.platform === 'win32')('what a umask takes from others is left to it', () => {
  under('027', 'create');
  under('027', 'restore', '--to', path.join(temp.path, 'new/copy'));
  expect(statSync(path.join(temp.path, 'new')).mode & 0o777).toBe(0o750);
});
