import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { canRunAsUser, giveToUser, isRoot, NOBODY, runAsUser } from '../support/other-user.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';

let temp: TempFolder;
let root: string;
let before: Tree;

beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, "it's a project");
  put(root, 'package.json', '{}');
  put(root, 'docs/guide/a.md', 'a');
  put(root, 'docs/b.md', 'b');
  chmodSync(temp.path, 0o755);
  giveToUser(root);
  before = tree();
});
afterEach(() => {
  spawnSync('chmod', ['-R', 'u+rwX', root]);
  temp[Symbol.dispose]();
});

const tree = (): Tree => readTree(root, ['backups', '.migbackup']);
const ruin = (script: string, ...flags: string[]) =>
  runAsUser(root, ['guard', ...flags, '--', 'sh', '-c', `${script}; exit 3`]);

/** The line of a shell in a hint, run as the same user, with `migbackup` being the command line from source. */
function runHint(stderr: string): void {
  const [, mend = '', id = ''] = /^hint +Run: (chmod .*) && migbackup restore (\S+) --exact$/m.exec(stderr) ?? [];
  expect(mend, stderr).toContain('chmod u+rwX -- ');
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  expect(spawnSync('sh', ['-c', mend], { cwd: '/', ...user }).status, mend).toBe(0);
  const { status, stderr: said } = runAsUser(root, ['restore', id, '--exact', '--yes']);
  expect(status, said).toBe(0);
}

describe.runIf(canRunAsUser)('what a guarded command left that its own user may not read (as another user)', () => {
  test.each([
    ['a folder of its own, 0000', 'mkdir docs/new; echo x > docs/new/x; chmod 0 docs/new', ['docs/new']],
    ['a folder that may be listed only, 0400', 'echo x > docs/guide/x; chmod 400 docs/guide', ['docs/guide']],
    ['two folders', 'chmod 0 docs/guide; mkdir docs/new; chmod 300 docs/new', ['docs/guide', 'docs/new']],
    ['a file, 0000', 'echo x > docs/guide/x; chmod 0 docs/guide/x docs/b.md', ['docs/guide/x']],
  ])('%s: exit 7 names it and the line to run, and that brings everything back', (_what, script, names) => {
    const { status, stderr } = ruin(script);
    expect(status, stderr).toBe(7);
    expect(stderr).toMatch(/error .*docs.* (cannot|may not) be .*the project is as the command left it/);
    for (const name of names) expect(stderr).toContain(name);
    runHint(stderr);
    expect(compareTrees(before, tree())).toEqual([]);
  });

  test.each([['0500 in 0555', 'echo x > docs/guide/x; chmod 500 docs/guide; chmod 555 docs']])(
    'folders that it may not write in, %s, are no obstacle',
    (_mode, script) => {
      const { status, stderr } = ruin(script);
      expect(status, stderr).toBe(20);
      expect(compareTrees(before, tree())).toEqual([]);
      const [, safety = ''] = /what the command left is in (safety-\S+)/.exec(stderr) ?? [];
      expect(runAsUser(root, ['undo', safety, '--yes']).status).toBe(0);
      expect(readdirSync(path.join(root, 'docs/guide'))).toContain('x');
    },
  );

  test('undo finds its way back too, once it may read', () => {
    const { status, stderr } = ruin('mkdir docs/new; chmod 0 docs/new');
    expect(status, stderr).toBe(7);
    const refused = runAsUser(root, ['undo', '--yes']);
    expect(refused.status).toBe(5);
    expect(refused.stderr).toMatch(
      /hint +Nothing was changed\. Run: chmod u\+rwX -- '.*docs\/new', then the same command again/,
    );
    chmodSync(path.join(root, 'docs/new'), 0o755);
    expect(runAsUser(root, ['undo', '--yes']).status).toBe(0);
    expect(compareTrees(before, tree())).toEqual([]);
  });
});

test.runIf(isRoot && canRunAsUser)(
  'what belongs to somebody else is not told to be chmodded (as root and as another user)',
  () => {
    put(root, 'docs/theirs/x', 'x');
    expect(runAsUser(root, ['create']).status).toBe(0);
    chmodSync(path.join(root, 'docs/theirs'), 0);
    const { status, stderr } = runAsUser(root, ['restore', '--exact', '--yes']);
    expect(status, stderr).toBe(5);
    expect(stderr).toMatch(/hint .*belongs to user 0/);
    expect(stderr).not.toContain('chmod');
  },
);

describe.runIf(canRunAsUser)('a LOCK that its own user may not write (as another user)', () => {
  const database = (folder: string) => {
    writeDatabase(path.join(root, folder), [[Buffer.from('key'), Buffer.from('value')]]);
    put(root, `${folder}/LOCK`, '');
    giveToUser(root);
    expect(runAsUser(root, ['create'])).toMatchObject({ status: 0 });
    put(root, `${folder}/CURRENT`, 'MANIFEST-000009\n');
  };
  const restore = () => runAsUser(root, ['restore', '--latest', '--yes']);

  test.each([
    ['a database', 'leveldb', null],
    [
      'one in a folder that is moved as a whole',
      'data/db',
      { categories: { data: { sources: { data: { path: 'data', exclusive: true } } } } },
    ],
  ])('%s: a restore names it, and the line that mends it', (_what, folder, config) => {
    if (config !== null) put(root, 'migbackup.config.json', JSON.stringify(config));
    database(folder);
    const lock = path.join(root, folder, 'LOCK');
    chmodSync(lock, 0o444);
    const { status, stderr } = restore();
    expect(status, stderr).toBe(5);
    expect(stderr).toMatch(
      new RegExp(`^error .*whether ${folder} is in use: EACCES: .*${folder}/LOCK.* \\(IO\\)$`, 'm'),
    );
    expect(stderr).not.toContain('migbackup-lock-');
    const line = /^hint .*run: (chmod u\+w \S+), then the same command again/m.exec(stderr)?.[1];
    expect(line, stderr).toBe(`chmod u+w ${folder}/LOCK`);
    spawnSync('sh', ['-c', line ?? ''], { cwd: root });
    const mended = restore();
    expect(mended.status, mended.stderr).toBe(0);
  });
});
