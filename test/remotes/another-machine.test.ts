import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtBinary } from '../support/binary.ts';
import { cleanEnvironment, cliCommand } from '../support/run-cli.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { gatewayEndpoint, makeBucket, whyNoS3 } from './support/bucket.ts';
import { credentials, Machine } from './support/machine.ts';

/*
 * The machine that took the backup is gone. Another user, with an empty home and the checkout in another place, brings the project back from the remote
 * alone; with the checkout of migbackup, and with the single binary if it is built.
 */
const NOBODY = 65_534;
const binary = builtBinary();
const PROGRAMS: readonly (readonly [string, readonly string[]])[] = [
  ['bin/run.js', cliCommand()],
  ...(binary === undefined ? [] : [['the single binary', [binary]] as const]),
];
const whyNot = whyNoS3 ?? (process.getuid?.() === 0 ? null : 'only root can be another user');

describe.skipIf(whyNot !== null)(withReason('another machine', whyNot), () => {
  let temp: TempFolder;
  let machine: Machine;
  let id: string;
  let url: string;
  beforeAll(async () => {
    temp = tempFolder('migbackup-lost-');
    // Another user has to get in.
    chmodSync(temp.path, 0o711);
    ({ machine, id } = await Machine.withBackup());
    machine.env = credentials('owner');
    url = `s3://${await makeBucket('versioned')}/p`;
    machine.setRemotes({ off: { url, endpoint: gatewayEndpoint, region: 'us-east-1' } });
    const pushed = await machine.run('push', '--yes');
    expect(pushed.exitCode, pushed.stderr).toBe(0);
  }, 120_000);
  afterAll(() => {
    machine[Symbol.dispose]();
    temp[Symbol.dispose]();
  });

  /** An empty home and a checkout without state, of another user. */
  function newMachine(name: string): { root: string; home: string } {
    const folder = path.join(temp.path, name.replaceAll(/\W/g, '-'));
    const [root, home] = [path.join(folder, 'elsewhere/checkout'), path.join(folder, 'home')];
    for (const each of [folder, path.dirname(root), root, home]) {
      mkdirSync(each);
      chownSync(each, NOBODY, NOBODY);
    }
    for (const file of ['package.json', 'migbackup.config.json']) {
      writeFileSync(path.join(root, file), readFileSync(path.join(machine.root, file)));
      chownSync(path.join(root, file), NOBODY, NOBODY);
    }
    return { root, home };
  }

  test.each(PROGRAMS)('%s brings the project back', { timeout: 180_000 }, (name, [program = '', ...leading]) => {
    const { root, home } = newMachine(name);
    const env = {
      ...cleanEnvironment(),
      ...credentials('owner'),
      HOME: home,
      TMPDIR: home,
      AWS_ENDPOINT_URL_S3: gatewayEndpoint,
    };
    const run = (...args: readonly string[]) => {
      const how = { cwd: root, env, uid: NOBODY, gid: NOBODY, encoding: 'utf8' } as const;
      const { status, stdout, stderr } = spawnSync(program, [...leading, ...args], how);
      expect(status, `${args.join(' ')}: ${stdout}${stderr}`).toBe(0);
      return stdout;
    };
    const state = 'deployments/mainnet';
    const holds = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : []);
    const same = (file: string): void =>
      expect(readFileSync(path.join(root, file)).equals(readFileSync(path.join(machine.root, file)))).toBe(true);

    expect(run('list', '--remote', 'off')).toContain(id);
    expect(run('show', id, '--remote', 'off')).toContain('deployments');
    expect(run('verify', '--latest', '--remote', 'off')).not.toBe('');
    expect(run('verify', '--latest', '--remote', 'off', '--deep')).toContain('PASSED');
    run('restore', '--latest', '--remote', 'off', '--only', `${state}/Token.json`, '--yes');
    expect(holds(path.join(root, state))).toEqual(['Token.json']);
    same(`${state}/Token.json`);
    run('restore', '--latest', '--remote', 'off', '--yes');
    for (const file of readdirSync(path.join(machine.root, state))) same(path.join(state, file));
    // The config came back too, as it was before it named a remote.
    expect(run('diff', '--latest', '--remote', url)).toContain('same');
    run('pull', '--remote', url);
    run('verify', id);
    run('undo', '--yes');
    expect(holds(path.join(root, state))).toEqual(['Token.json']);
    // Nothing of a copy that was read in place stays behind.
    expect(readdirSync(home).filter((left) => left.startsWith('migbackup-'))).toEqual([]);
  });

  test('a place that is typed needs no config', { timeout: 60_000 }, async () => {
    const other = Machine.withProjectOf(machine);
    other.env = { ...credentials('owner'), AWS_ENDPOINT_URL_S3: gatewayEndpoint };
    const listed = await other.run('list', '--remote', url, '--all-projects');
    expect(listed.stdout, listed.stderr).toContain(id);
    other[Symbol.dispose]();
  });
});
