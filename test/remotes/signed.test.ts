import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withReason } from '../support/skipped.ts';
import { gatewayEndpoint, makeBucket, whyNoS3 } from './support/bucket.ts';
import { credentials, Machine } from './support/machine.ts';

const TIMEOUT = 300_000;

describe.skipIf(whyNoS3 !== null)(withReason('signed copies', whyNoS3), () => {
  let machine: Machine;
  let id: string;
  let backup: string;
  const inKeys = (name: string): string => path.join(path.dirname(machine.root), name);
  beforeAll(async () => {
    ({ machine, id, backup } = await Machine.withBackup());
    machine.env = credentials('owner');
    for (const name of ['mine', 'deputy']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', inKeys(name)]);
      await sign(name);
      cpSync(`${backup}.sig`, inKeys(`${name}.sig`));
    }
    writeFileSync(
      inKeys('allowed'),
      ['mine', 'deputy'].map((name) => `${name} ${readFileSync(inKeys(`${name}.pub`), 'utf8')}`).join(''),
    );
  }, 120_000);
  afterAll(() => machine[Symbol.dispose]());

  async function sign(name: string): Promise<void> {
    rmSync(`${backup}.sig`, { force: true });
    const run = await machine.run('sign', id, '--key', inKeys(name));
    expect(run.exitCode, run.stderr).toBe(0);
  }

  async function signerThere(...more: readonly string[]): Promise<unknown> {
    const must = ['--require-signer', 'mine', '--require-signer', 'deputy', '--allowed-signers', inKeys('allowed')];
    const run = await machine.run('verify', id, '--remote', 'off', '--json', ...must, ...more);
    expect(run.exitCode, run.stdout + run.stderr).toBe(0);
    return JSON.parse(run.stdout).signer.principal;
  }

  test.each(['locked', 'versioned', 'plain'] as const)('in a bucket that is %s', { timeout: TIMEOUT }, async (kind) => {
    const lock = kind === 'locked' ? { lock: { mode: 'governance', days: 1 } } : {};
    const url = `s3://${await makeBucket(kind)}/p`;
    machine.setRemotes({ off: { url, endpoint: gatewayEndpoint, region: 'us-east-1', ...lock } });
    cpSync(inKeys('mine.sig'), `${backup}.sig`);
    const first = machine.run('push', id, '--yes');
    // Another machine has the same backup with the signature of another key.
    const other = Machine.withProjectOf(machine);
    other.env = machine.env;
    other.setRemotes({ off: { url, endpoint: gatewayEndpoint, region: 'us-east-1', ...lock } });
    const elsewhere = path.join(other.root, 'backups');
    cpSync(backup, path.join(elsewhere, id), { recursive: true });
    cpSync(inKeys('deputy.sig'), path.join(elsewhere, `${id}.sig`));
    const second = other.run('push', id, '--yes', '--backups', elsewhere);
    for (const { exitCode, stderr, stdout } of await Promise.all([first, second]))
      expect(exitCode, stdout + stderr).toBe(0);
    rmSync(`${backup}.sig`);
    const signer = await signerThere();
    expect(['mine', 'deputy']).toContain(signer);
    expect(await signerThere('--deep')).toBe(signer);
    other[Symbol.dispose]();
  });
});
