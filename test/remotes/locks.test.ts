import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withReason } from '../support/skipped.ts';
import { everything, gatewayEndpoint, makeBucket, whyNoS3 } from './support/bucket.ts';
import { judge, placeInBucket } from './support/judge.ts';
import { credentials, Machine } from './support/machine.ts';

/* A lock of a copy is made longer on every object and on the commit, and never shorter. */
const DAY_MS = 86_400_000;

describe.skipIf(whyNoS3 !== null)(withReason('push --extend-lock', whyNoS3), () => {
  let machine: Machine;
  let id: string;
  let backup: string;
  let bucket: string;
  beforeAll(async () => {
    bucket = await makeBucket('locked');
    ({ machine, id, backup } = await Machine.withBackup());
    machine.env = credentials('owner');
  }, 120_000);
  afterAll(() => machine[Symbol.dispose]());

  const lockFor = (days: number | null, mode = 'governance'): void =>
    machine.setRemotes({
      off: {
        url: `s3://${bucket}/p`,
        endpoint: gatewayEndpoint,
        region: 'us-east-1',
        ...(days !== null && { lock: { mode, days } }),
      },
    });
  const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS - 60_000);
  const push = (...more: readonly string[]): ReturnType<Machine['run']> =>
    machine.run('push', id, '--remote', 'off', '--yes', ...more);
  const outcome = (json: string): { outcome: string; lock: { mode: string; until: string } } =>
    JSON.parse(json).backups[0].copies[0];
  const whole = () => ({ copies: [expect.stringContaining(id)], wrong: [] });

  test('a lock is made longer, and never shorter', { timeout: 300_000 }, async () => {
    const place = placeInBucket(bucket, 'p');
    lockFor(1);
    expect((await push()).exitCode).toBe(0);
    expect(await judge(place, [backup], inDays(1))).toEqual(whole());
    lockFor(5);
    expect(outcome((await push('--json')).stdout).outcome).toBe('there');
    expect((await judge(place, [backup], inDays(5))).wrong.length).toBeGreaterThan(0);
    const extended = outcome((await push('--extend-lock', '--json')).stdout);
    expect(extended.outcome).toBe('extended');
    expect(new Date(extended.lock.until) > inDays(5)).toBe(true);
    expect(await judge(place, [backup], inDays(5))).toEqual(whole());
    expect((await machine.run('verify', id, '--remote', 'off')).exitCode).toBe(0);
    expect((await machine.run('list')).stdout).toContain(`locked until ${extended.lock.until.slice(0, 10)}`);
    lockFor(2);
    expect(outcome((await push('--extend-lock', '--json')).stdout).outcome).toBe('there');
    expect(await judge(place, [backup], inDays(5))).toEqual(whole());
    lockFor(6, 'compliance');
    const refused = await push('--extend-lock');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('governance lock');
    const { versions } = await everything(bucket, 'p/v1/');
    // A pushed copy stays as it was: nothing was written again.
    expect(new Set(versions.map(({ Key }) => Key)).size).toBe(versions.length);
  });

  test('without a lock in the config there is nothing to extend', async () => {
    lockFor(null);
    const { exitCode, stderr } = await push('--extend-lock');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the config asks for no lock in off');
  });
});
