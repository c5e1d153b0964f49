import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultyProxy, type FaultyProxy } from '../servers/s3/faulty-proxy.ts';
import { stride } from '../support/effort.ts';
import { withReason } from '../support/skipped.ts';
import {
  BUCKET_KINDS,
  gatewayEndpoint,
  makeBucket,
  removeEverything,
  whyNoS3,
  type BucketKind,
} from './support/bucket.ts';
import { filesOf, judge, placeInBucket } from './support/judge.ts';
import { credentials, Machine } from './support/machine.ts';

/*
 * A push, a pull and a guarded migration that are killed before and after each of their requests. Whatever is listed then is whole, and the same
 * command, run again, ends well.
 */
const TIMEOUT = 1_200_000;
const DAYS = 2;

describe.skipIf(whyNoS3 !== null)(withReason('killed at each request', whyNoS3), () => {
  let proxy: FaultyProxy;
  let machine: Machine;
  let other: Machine;
  let id: string;
  let backup: string;
  beforeAll(async () => {
    proxy = await startFaultyProxy(gatewayEndpoint);
    ({ machine, id, backup } = await Machine.withBackup());
    other = Machine.withProjectOf(machine);
    for (const each of [machine, other]) each.env = credentials('owner');
  }, 120_000);
  afterAll(async () => {
    machine[Symbol.dispose]();
    other[Symbol.dispose]();
    await proxy[Symbol.asyncDispose]();
  });

  const settings = (bucket: string, prefix: string, kind: BucketKind): object => ({
    url: `s3://${bucket}/${prefix}`,
    endpoint: proxy.endpoint,
    region: 'us-east-1',
    ...(kind === 'locked' && { lock: { mode: 'governance', days: DAYS } }),
  });

  /** Runs a command that is killed at a request. @returns how often it was killed */
  async function killed(
    number: number,
    when: 'before' | 'after',
    args: readonly string[],
    on = machine,
  ): Promise<void> {
    const running = on.start(...args);
    const kill = (): boolean => running.process.kill('SIGKILL');
    proxy.reset(
      (request) => (when === 'before' && request.number >= number ? kill() && 'reset' : false) || undefined,
      (request) => when === 'after' && request.number >= number && kill(),
    );
    const { signal, stdout, stderr } = await running.ended;
    proxy.reset();
    expect(signal, `${stdout}${stderr}`).toBe('SIGKILL');
  }

  async function requestsOf(...args: readonly string[]): Promise<number> {
    proxy.reset();
    const { exitCode, stdout, stderr } = await machine.run(...args);
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
    return proxy.requests.length;
  }

  test.each(BUCKET_KINDS.flatMap((kind) => (['before', 'after'] as const).map((when) => [kind, when] as const)))(
    'a push to a %s bucket, %s each request',
    { timeout: TIMEOUT },
    async (kind, when) => {
      const bucket = await makeBucket(kind);
      const copy = `${id}/`;
      const lockedBy = kind === 'locked' ? new Date(Date.now() + (DAYS - 0.01) * 86_400_000) : undefined;
      machine.setRemotes({ off: settings(bucket, 'whole', kind) });
      const push = ['push', id, '--remote', 'off', '--yes'];
      const count = await requestsOf(...push);
      expect(count).toBeGreaterThan(12);
      const committed: number[] = [];
      for (let at = 1; at <= count; at += stride(8)) {
        const place = placeInBucket(bucket, `${when}-${at}`);
        machine.setRemotes({ off: settings(bucket, `${when}-${at}`, kind) });
        await killed(at, when, push);
        const left = await judge(place, [backup], lockedBy);
        expect(left.wrong, `killed ${when} ${at}`).toEqual([]);
        if (left.copies.length > 0) committed.push(at);
        const listed = await machine.run('list', '--remote', 'off', '--json');
        expect(listed.stdout.includes(id), `listed after it was killed ${when} ${at}`).toBe(left.copies.length > 0);
        const again = await machine.run(...push);
        expect(again.exitCode, `${again.stdout}${again.stderr}`).toBe(0);
        const now = await judge(place, [backup], lockedBy);
        expect(now.wrong, `pushed again after ${when} ${at}`).toEqual([]);
        expect(now.copies).toEqual([expect.stringContaining(copy)]);
        await removeEverything(bucket, `${when}-${at}/`);
      }
      process.stdout.write(
        `a push to a ${kind} bucket, killed ${when} each of ${count} requests: a copy was there after ${committed.join(', ') || 'none'}\n`,
      );
    },
  );

  test.each(['before', 'after'] as const)('a pull, %s each request', { timeout: TIMEOUT }, async (when) => {
    const bucket = await makeBucket('plain');
    for (const each of [machine, other]) each.setRemotes({ off: settings(bucket, 'p', 'plain') });
    await requestsOf('push', id, '--remote', 'off', '--yes');
    const pull = ['pull', id, '--remote', 'off', '--yes'];
    other.forget();
    proxy.reset();
    expect((await other.run(...pull)).exitCode).toBe(0);
    const count = proxy.requests.length;
    expect(count).toBeGreaterThan(5);
    for (let at = 1; at <= count; at += stride(8)) {
      other.forget();
      await killed(at, when, pull, other);
      const { stdout } = await other.run('list', '--json');
      expect(stdout, `listed after it was killed ${when} ${at}`).not.toContain(`"${id}"`);
      const again = await other.run(...pull);
      expect(again.exitCode, `${again.stdout}${again.stderr}`).toBe(0);
      expect(filesOf(path.join(other.backups, id))).toEqual(filesOf(backup));
    }
    process.stdout.write(`a pull, killed ${when} each of ${count} requests: identical when it was run again\n`);
  });

  test.each(['before', 'after'] as const)(
    'guard --push, %s each request: its command began only with a copy',
    { timeout: TIMEOUT },
    async (when) => {
      const bucket = await makeBucket('plain');
      const ran = path.join(machine.root, 'ran');
      writeFileSync(
        path.join(machine.root, 'migrate.cjs'),
        `require('node:fs').writeFileSync(${JSON.stringify(ran)}, 'ran')`,
      );
      const guard = ['guard', '--push', '--yes', '--', process.execPath, 'migrate.cjs'];
      machine.setRemotes({ off: settings(bucket, 'g', 'plain') });
      const count = await requestsOf(...guard);
      expect(readFileSync(ran, 'utf8')).toBe('ran');
      expect(count).toBeGreaterThan(12);
      for (let at = 1; at <= count; at += stride(8)) {
        rmSync(ran, { force: true });
        machine.setRemotes({ off: settings(bucket, `${when}-${at}`, 'plain') });
        await killed(at, when, guard);
        const backups = readdirSync(machine.backups).filter((name) => name.startsWith('migration-'));
        const { copies, wrong } = await judge(
          placeInBucket(bucket, `${when}-${at}`),
          backups.map((name) => path.join(machine.backups, name)),
        );
        expect(wrong, `killed ${when} ${at}`).toEqual([]);
        if (existsSync(ran)) expect(copies, `its command began, killed ${when} ${at}`).toHaveLength(1);
        await removeEverything(bucket, `${when}-${at}/`);
        await machine.run('recover');
      }
    },
  );
});
