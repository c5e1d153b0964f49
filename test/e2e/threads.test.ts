import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { canRunAsUser, isRoot, NOBODY } from '../support/other-user.ts';
import { cliCommand, runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** More than `create` reads with a single thread. */
const FILES = 1600;
/** What a thread that looked for its code or its modules in the working folder would find there. */
const PLANTED = ['pack-worker.js', 'pack-worker.mjs', 'node_modules/tar/index.js', 'node_modules/zod/index.js'];

/** One whom no other test runs anything as: threads are counted by user. */
const USER = NOBODY - 1;
/** What Node itself needs, and hardly one more. */
const FEW_THREADS = 12;
/** An installed program may lie where only who installed it can reach it. */
const canReach = (): boolean => {
  const [program, ...leading] = cliCommand();
  return spawnSync(program, [...leading, '--version'], { uid: USER, gid: USER }).status === 0;
};
const canLimit = isRoot && canRunAsUser && spawnSync('prlimit', ['--version']).status === 0 && canReach();

function writeRecords(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (let number = 0; number < FILES; number++)
    writeFileSync(path.join(folder, `${number}.json`), JSON.stringify({ number, text: 'x'.repeat(number) }));
}

test.skipIf(!canLimit)(
  'a user who may have no more threads gets the backup all the same (as root, by prlimit)',
  { timeout: 60_000 },
  () => {
    using temp = tempFolder();
    writeRecords(path.join(temp.path, 'deployments'));
    execFileSync('chown', ['-R', `${USER}:${USER}`, temp.path]);
    const [program, ...leading] = cliCommand();
    const limited = [`--nproc=${FEW_THREADS}`, program, ...leading, 'create', '--json'];
    const env = { PATH: process.env['PATH'], HOME: temp.path };
    const ran = spawnSync('prlimit', limited, { cwd: temp.path, env, uid: USER, gid: USER, encoding: 'utf8' });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(ran.stdout).categories).toMatchObject({ 'legacy-json': { files: FILES } });
  },
);

test('threads read and pack a large project, and load nothing from where it runs', { timeout: 120_000 }, async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  const records = path.join(root, 'deployments/mainnet');
  writeRecords(records);
  const trapped = path.join(temp.path, 'trapped');
  for (const name of PLANTED) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `process.getBuiltinModule('fs').writeFileSync(${JSON.stringify(trapped)}, '');`);
  }
  writeFileSync(path.join(root, 'package.json'), '{"type": "module"}');
  const before = readTree(root, ['backups', '.migbackup']);

  const created = await runCli(['create', '--json'], { cwd: root });
  expect(created).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(created.stdout).categories).toMatchObject({ 'legacy-json': { files: FILES } });
  rmSync(records, { recursive: true });
  expect(await runCli(['restore', '--latest', '--yes'], { cwd: root })).toMatchObject({ exitCode: 0 });
  expect(compareTrees(before, readTree(root, ['backups', '.migbackup']))).toEqual([]);
  expect(readFileSync(path.join(records, '7.json'), 'utf8')).toBe('{"number":7,"text":"xxxxxxx"}');
  expect(existsSync(trapped)).toBe(false);
});
