import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultyProxy, type FaultyProxy } from '../servers/s3/faulty-proxy.ts';
import { withReason } from '../support/skipped.ts';
import { gatewayEndpoint, makeBucket, whyNoS3 } from './support/bucket.ts';
import { filesOf, judge, placeInBucket } from './support/judge.ts';
import { credentials, Machine } from './support/machine.ts';

/* What docs/remotes.md says that commands cost in requests; that Ctrl-C ends at once; and that a server that stores no checksums is believed nothing. */
const TIMEOUT = 300_000;

describe.skipIf(whyNoS3 !== null)(withReason('requests', whyNoS3), () => {
  let proxy: FaultyProxy;
  let machine: Machine;
  let other: Machine;
  let id: string;
  let backup: string;
  let bucket: string;
  beforeAll(async () => {
    proxy = await startFaultyProxy(gatewayEndpoint);
    bucket = await makeBucket('versioned');
    ({ machine, id, backup } = await Machine.withBackup());
    other = Machine.withProjectOf(machine);
    for (const each of [machine, other]) each.env = credentials('owner');
  }, 120_000);
  afterAll(async () => {
    machine[Symbol.dispose]();
    other[Symbol.dispose]();
    await proxy[Symbol.asyncDispose]();
  });

  function use(prefix: string, more: object = {}): ReturnType<typeof placeInBucket> {
    for (const each of [machine, other])
      each.setRemotes({
        off: { url: `s3://${bucket}/${prefix}`, endpoint: proxy.endpoint, region: 'us-east-1', ...more },
      });
    return placeInBucket(bucket, prefix);
  }

  /** @returns how many requests a command made, which has to end well */
  async function cost(on: Machine, ...args: readonly string[]): Promise<number> {
    proxy.reset();
    const { exitCode, stdout, stderr } = await on.run(...args);
    expect(exitCode, `${args.join(' ')}: ${stdout}${stderr}`).toBe(0);
    return proxy.requests.length;
  }

  test('a command costs no more of them than the page says', { timeout: TIMEOUT }, async () => {
    use('costs');
    const sizes = [...filesOf(backup).values()].map((bytes) => bytes.length);
    const pieces = sizes.reduce((total, size) => total + Math.ceil(size / (8 << 20)) - 1, 0);
    expect(pieces).toBe(2);
    const push = ['push', id, '--remote', 'off', '--yes'];
    expect(await cost(machine, ...push)).toBeLessThanOrEqual(3 * sizes.length + pieces + 3 + 4);
    expect(await cost(machine, ...push)).toBeLessThanOrEqual(2 + sizes.length);
    expect(await cost(other, 'list', '--remote', 'off')).toBe(2);
    expect(await cost(other, 'list', '--remote', 'off')).toBe(1);
    // What broke off in the middle, or is not ours, is read again once.
    other.breakCache();
    expect(await cost(other, 'list', '--remote', 'off')).toBe(2);
    expect(await cost(other, 'list', '--remote', 'off')).toBe(1);
    expect(await cost(other, 'status', '--remote', 'off')).toBe(1);
    for (const command of ['list', 'status', 'validate']) expect(await cost(machine, command), command).toBe(0);
    expect(await cost(machine, 'verify', id, '--remote', 'off')).toBeLessThanOrEqual(2 + sizes.length);
    const to = path.join(other.root, 'one');
    const only = ['--only', 'deployments/mainnet/Token.json'];
    other.forget();
    // The list, the commit, the index, the seek table of the archive, and the frames.
    expect(await cost(other, 'restore', id, '--remote', 'off', '--to', to, ...only)).toBeLessThanOrEqual(5);
    expect(readFileSync(path.join(to, 'deployments/mainnet/Token.json'), 'utf8')).toBe('{"name":"Token"}\n');
    expect(existsSync(path.join(to, 'deployments/mainnet/bytecode.bin'))).toBe(false);
    expect(await cost(other, 'pull', id, '--remote', 'off', '--yes')).toBeLessThanOrEqual(2 + sizes.length + pieces);
  });

  test('Ctrl-C ends a push at once, and the next one goes on', { timeout: TIMEOUT }, async () => {
    const place = use('interrupted');
    const running = machine.start('push', id, '--remote', 'off', '--yes');
    let parts = 0;
    proxy.reset(undefined, ({ operation }) => {
      if (operation === 'UploadPart' && ++parts === 1) running.process.kill('SIGINT');
    });
    const { exitCode, stderr } = await running.ended;
    expect(parts).toBeGreaterThan(0);
    expect(exitCode, stderr).toBe(130);
    expect(await judge(place, [backup])).toEqual({ copies: [], wrong: [] });
    proxy.reset();
    expect((await machine.run('push', id, '--remote', 'off', '--yes')).exitCode).toBe(0);
    expect(proxy.requests.filter(({ operation }) => operation === 'UploadPart').length).toBeLessThan(3);
    expect(await judge(place, [backup])).toEqual({ copies: [expect.stringContaining(id)], wrong: [] });
  });

  test('without checksums verify reads every byte', { timeout: TIMEOUT }, async () => {
    const place = use('no-checksums', { checksums: 'none' });
    expect((await machine.run('push', id, '--remote', 'off', '--yes')).exitCode).toBe(0);
    expect(await judge(place, [backup])).toEqual({ copies: [expect.stringContaining(id)], wrong: [] });
    proxy.reset();
    expect((await machine.run('verify', id, '--remote', 'off')).exitCode).toBe(0);
    expect(
      proxy.requests.filter(({ operation, path: key }) => operation === 'GetObject' && key.endsWith('.tar.zst')).length,
    ).toBeGreaterThan(0);
    proxy.reset(({ operation, path: key }) =>
      operation === 'GetObject' && key.endsWith('legacy-json.tar.zst') ? 'altered-answer' : undefined,
    );
    const { exitCode, stdout, stderr } = await machine.run('verify', id, '--remote', 'off');
    expect(proxy.fired).toBeGreaterThan(0);
    expect(exitCode, `${stdout}${stderr}`).toBe(4);
  });
});
