import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { canRunAsUser, giveToUser, isRoot, NOBODY, runAsUser, whyNotAsUser } from '../support/other-user.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { put } from '../support/files.ts';
import { withReason } from '../support/skipped.ts';
import type { AnyFinding } from '../../src/core/model/finding.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const why = isRoot ? whyNotAsUser : 'only root leaves behind what another user may not remove';

let temp: TempFolder;
let root: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'package.json', '{}');
  put(root, 'deployments/a.json', '{"old": true}');
  writeDatabase(path.join(root, 'leveldb'), [[Buffer.from('key'), Buffer.from('old')]]);
  if (!isRoot) return;
  fs.chmodSync(temp.path, 0o755);
  giveToUser(root);
});
afterEach(() => temp[Symbol.dispose]());

const state = (): string[] => fs.readdirSync(path.join(root, '.migbackup'));

/** Runs a command as the user that the project belongs to, and answers with all that it says. */
function asUser(exit: number, ...args: string[]): string {
  const { status, stdout, stderr } = runAsUser(root, args);
  expect(status, `${args.join(' ')}: ${stdout}${stderr}`).toBe(exit);
  return `${stdout}${stderr}`.replaceAll(/\s+/g, ' ');
}

const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');

test.runIf(isRoot && canRunAsUser)(
  withReason('what nobody but root may remove or look into is named, and stops no command', why),
  () => {
    asUser(0, 'create');
    const lost = path.join(root, 'leveldb/lost');
    fs.mkdirSync(lost);
    fs.writeFileSync(path.join(lost, '000001.log'), 'x');
    const repository = path.join(root, 'backups');
    fs.mkdirSync(path.join(repository, 'reports/other'), { mode: 0o700 });
    fs.mkdirSync(path.join(repository, '.partial-migration-x/checksums'), { recursive: true, mode: 0o700 });
    put(root, 'deployments/a.json', '{"new": true}');
    const restored = asUser(0, 'restore', '--yes');
    expect(restored).toMatch(/\.partial-migration-x is left over and cannot be removed: EACCES/);
    expect(restored).toMatch(/reports\/other cannot be looked into for what is left over: EACCES/);
    const [garbage = ''] = state().filter((name) => name.startsWith('garbage-'));
    expect(garbage).not.toBe('');
    expect(restored).toMatch(/garbage-\S+ is left over and cannot be removed: EACCES/);
    expect(restored).toContain(`sudo rm -rf ${path.join(root, '.migbackup', garbage)}`);
    expect(restored).not.toContain('could not be compared');
    expect(read('deployments/a.json')).toBe('{"old": true}');

    const { status, stdout } = runAsUser(root, ['recover', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).findings.map(({ code }: AnyFinding) => code)).toEqual(Array(3).fill('not-removed'));
    expect(asUser(0, 'undo', '--yes')).toContain(`${garbage} is left over and cannot be removed`);
    expect(read('deployments/a.json')).toBe('{"new": true}');
    execFileSync('rm', ['-rf', path.join(root, '.migbackup', garbage)]);
    expect(asUser(0, 'create')).not.toContain(garbage);
  },
);

/** Runs the command line as root, in the place of the user. */
function asRoot(...args: string[]): void {
  const main = path.resolve(import.meta.dirname, '../../src/main.ts');
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: root, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
}

const owners = (): string[] =>
  execFileSync('find', ['backups', '.migbackup', '-user', '0'], { cwd: root, encoding: 'utf8' }).split('\n');

test.runIf(isRoot && canRunAsUser)(
  withReason('what root makes in the repository belongs to whom the repository belongs to', why),
  () => {
    asUser(0, 'create');
    asRoot('validate');
    asRoot('create');
    put(root, 'deployments/a.json', '{"new": true}');
    asRoot('restore', '--yes');
    expect(owners()).toEqual(['']);
    asUser(0, 'undo', '--yes');
    expect(read('deployments/a.json')).toBe('{"new": true}');
  },
);

test.runIf(isRoot && canRunAsUser)(
  withReason('a log that cannot be read is not taken for an empty one, and stops no command', why),
  () => {
    asUser(0, 'create');
    put(root, 'deployments/a.json', '{"new": true}');
    asUser(0, 'restore', '--yes');
    put(root, 'deployments/a.json', '{"newer": true}');
    const log = path.join(root, 'backups/reports/operations.ndjson');
    fs.chownSync(log, 0, 0);
    fs.chmodSync(log, 0o600);
    const said = asUser(0, 'status');
    expect(said).not.toContain('there is nothing to undo');
    expect(said).toMatch(/what undo takes back cannot be determined: EACCES/);
    expect(asUser(0, 'restore', '--yes')).toContain('operation log could not be written');
    expect(asUser(0, 'create')).toContain('stays until it can');
  },
);

test.runIf(isRoot && canRunAsUser)(
  withReason('a folder that somebody else made stands in the way back until the line that is named has run', why),
  () => {
    asUser(0, 'create');
    const foreign = path.join(root, 'deployments/localhost');
    put(root, 'deployments/a.json', '{"half": true}');
    fs.mkdirSync(foreign);
    fs.writeFileSync(path.join(foreign, 'X.json'), '{}');
    const said = asUser(5, 'restore', '--yes', '--exact');
    expect(said).toContain('may not change folders of others: deployments/localhost (user 0)');
    const line = `sudo chown -R ${NOBODY}:${NOBODY} -- ${foreign}`;
    expect(said).toContain(`Nothing was changed. Run: ${line}, then the same command again.`);
    expect(read('deployments/a.json')).toBe('{"half": true}');
    execFileSync('sh', ['-c', line.replace('sudo ', '')]);
    asUser(0, 'restore', '--yes', '--exact');
    expect(read('deployments/a.json')).toBe('{"old": true}');
    expect(fs.existsSync(foreign)).toBe(false);
  },
);
