import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultyProxy } from '../servers/s3/faulty-proxy.ts';
import { withReason } from '../support/skipped.ts';
import { gatewayEndpoint, makeBucket, removeEverything, whyNoS3 } from './support/bucket.ts';
import { credentials, Machine } from './support/machine.ts';

/* What status, list, validate and report say of copies in a bucket, without asking it and after it was asked. */
const TIMEOUT = 120_000;

describe.skipIf(whyNoS3 !== null)(withReason('what was seen', whyNoS3), () => {
  let machine: Machine;
  let other: Machine;
  let id: string;
  beforeAll(async () => {
    ({ machine, id } = await Machine.withBackup());
    other = Machine.withProjectOf(machine);
    for (const each of [machine, other]) each.env = credentials('owner');
  }, 120_000);
  afterAll(() => {
    machine[Symbol.dispose]();
    other[Symbol.dispose]();
  });

  function use(bucket: string, more: object = {}): void {
    const off = { url: `s3://${bucket}/seen`, endpoint: gatewayEndpoint, region: 'us-east-1', ...more };
    for (const each of [machine, other]) each.setRemotes({ off });
  }

  /** @returns what it printed, in one line */
  async function run(on: Machine, exit: number, ...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await on.run(...args);
    expect(exitCode, `${args.join(' ')}: ${stdout}${stderr}`).toBe(exit);
    return stdout.replaceAll(/\s+/g, ' ');
  }

  test('a locked copy, here and on a machine that pulled it', { timeout: TIMEOUT }, async () => {
    use(await makeBucket('locked'), { lock: { mode: 'governance', days: 30 } });
    expect(await run(machine, 0, 'status')).toContain('missing off: no copy known');
    await run(machine, 0, 'push', id, '--yes');
    const day = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    expect(await run(machine, 0, 'status')).toContain(`copies off (pushed just now, locked until ${day})`);
    await run(other, 0, 'pull', id, '--remote', 'off');
    const seen = `off (pushed just now, seen just now, locked until ${day})`;
    expect(await run(other, 0, 'status')).toContain(`copies ${seen}`);
    expect(await run(other, 0, 'list')).toContain(`copies: ${seen}`);
    expect(await run(other, 0, 'report')).toMatch(new RegExp(String.raw`\| off \| \S+ \| \S+ \| ${day}T`));
    expect(JSON.parse(await run(machine, 0, 'status', '--remote', 'off', '--json'))).toMatchObject({
      asked: [{ remote: 'off', error: null }],
      latest: { copies: [{ remote: 'off', seenAt: expect.any(String), missing: false }] },
    });
  });

  test('a copy that somebody removed, and a server that is away', { timeout: TIMEOUT }, async () => {
    const bucket = await makeBucket('versioned');
    const proxy = await startFaultyProxy(gatewayEndpoint);
    use(bucket, { endpoint: proxy.endpoint });
    await run(machine, 0, 'push', id, '--yes');
    await removeEverything(bucket, 'seen/v1/commits/');
    // What was pushed to the bucket that the config named before is still known.
    expect(await run(machine, 0, 'status')).toMatch(
      /copies s3:\/\/locked-\w+\/seen\?endpoint=\S+ \([^)]*\); off \(pushed just now\) way/,
    );
    const missing = 'off: not there any more (asked just now)';
    expect(await run(machine, 0, 'status', '--remote', 'off')).toContain(`missing ${missing}`);
    expect(await run(machine, 0, 'status')).toContain(`missing ${missing}`);
    expect(await run(machine, 0, 'list')).toContain(`; ${missing}`);
    const checked = await run(machine, 4, 'validate', '--fail-on', 'warning');
    expect(checked).toMatch(new RegExp(`Run migbackup push .*${id} --remote off to push it again`));
    await run(machine, 0, 'push', id, '--remote', 'off');
    expect(await run(machine, 0, 'status')).toContain('; off (pushed just now, seen just now)');

    await proxy[Symbol.asyncDispose]();
    const away = await run(machine, 5, 'status', '--remote', 'off');
    expect(away).toContain('; off (pushed just now, seen just now)');
    expect(away).toMatch(/no answer off: .*\. way back/);
  });
});
