import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withReason } from '../support/skipped.ts';
import { gatewayEndpoint, makeBucket, setPolicy, whyNoS3, type BucketKind } from './support/bucket.ts';
import { filesOf, judge, placeInBucket } from './support/judge.ts';
import { credentials, Machine } from './support/machine.ts';
import { grantedTo, statementsFor } from './support/policies.ts';

/* The policies of docs/remotes.md are enough. Where a right of the pusher is taken away, the push ends well or names it, and the next one with it goes on. */
const TIMEOUT = 600_000;

describe.skipIf(whyNoS3 !== null)(withReason('the policies', whyNoS3), () => {
  let machine: Machine;
  let reader: Machine;
  let id: string;
  let backup: string;
  beforeAll(async () => {
    ({ machine, id, backup } = await Machine.withBackup());
    reader = Machine.withProjectOf(machine);
    machine.env = credentials('pusher');
    reader.env = credentials('reader');
  }, 120_000);
  afterAll(() => {
    machine[Symbol.dispose]();
    reader[Symbol.dispose]();
  });

  const use = (bucket: string, prefix: string, kind: BucketKind): ReturnType<typeof placeInBucket> => {
    const lock = kind === 'locked' && { lock: { mode: 'governance', days: 2 } };
    for (const each of [machine, reader])
      each.setRemotes({
        off: { url: `s3://${bucket}/${prefix}`, endpoint: gatewayEndpoint, region: 'us-east-1', ...lock },
      });
    return placeInBucket(bucket, prefix);
  };
  const push = (): ReturnType<Machine['run']> => machine.run('push', id, '--remote', 'off', '--yes');

  test.each(['plain', 'locked'] as const)(
    'push to a %s bucket without each right in turn',
    { timeout: TIMEOUT },
    async (kind) => {
      const bucket = await makeBucket(kind);
      const statements = statementsFor('### The pusher', bucket);
      const needed: string[] = [];
      for (const right of statements.flatMap(({ Action }) => Action)) {
        const place = use(bucket, right.slice(3), kind);
        await setPolicy(
          bucket,
          grantedTo(
            'pusher',
            statements.map((statement) => ({ ...statement, Action: statement.Action.filter((one) => one !== right) })),
          ),
        );
        const { exitCode, stdout, stderr } = await push();
        const verdict = await judge(place, [backup]);
        expect(verdict.wrong, right).toEqual([]);
        if (exitCode === 0) expect(verdict.copies, right).toHaveLength(1);
        else {
          needed.push(right);
          expect(exitCode, `without ${right}: ${stdout}${stderr}`).toBe(5);
          expect(stderr, `without ${right}`).toContain(right);
          expect(verdict.copies).toEqual([]);
        }
        await setPolicy(bucket, grantedTo('pusher', statements));
        const again = await push();
        expect(again.exitCode, `with ${right} again: ${again.stdout}${again.stderr}`).toBe(0);
        expect(await judge(place, [backup])).toEqual({ copies: [expect.stringContaining(id)], wrong: [] });
      }
      process.stdout.write(`a push to a ${kind} bucket needs ${needed.join(', ')}\n`);
      // AWS also asks for the others: to lock, to read without naming a version, and to go on with an upload. Ceph does not.
      expect(needed).toEqual(
        expect.arrayContaining([
          's3:PutObject',
          's3:ListBucket',
          's3:ListBucketVersions',
          's3:ListBucketMultipartUploads',
        ]),
      );
    },
  );

  test('the one who prunes removes what no rule keeps, but nothing that is locked', { timeout: TIMEOUT }, async () => {
    for (const kind of ['versioned', 'locked'] as const) {
      const bucket = await makeBucket(kind);
      const place = use(bucket, 'copies', kind);
      await setPolicy(bucket, [
        ...grantedTo('pusher', statementsFor('### The pusher', bucket)),
        ...grantedTo('reader', statementsFor('### The one who prunes', bucket)),
      ]);
      expect((await machine.run('create', '--push', '--yes')).exitCode).toBe(0);
      expect((await push()).exitCode).toBe(0);
      const backups = readdirSync(machine.backups).filter((name) => name.startsWith('migration-'));
      const folders = backups.map((name) => path.join(machine.backups, name));
      expect((await judge(place, folders)).copies).toHaveLength(2);
      const denied = await machine.run('prune', '--remote', 'off', '--keep-last', '1', '--yes');
      expect(denied.exitCode, `${denied.stdout}${denied.stderr}`).not.toBe(0);
      const { exitCode, stdout, stderr } = await reader.run('prune', '--remote', 'off', '--keep-last', '1', '--yes');
      expect(exitCode, `${stdout}${stderr}`).toBe(kind === 'locked' ? 6 : 0);
      const left = await judge(place, folders);
      expect(left.wrong).toEqual([]);
      expect(left.copies).toHaveLength(kind === 'locked' ? 2 : 1);
    }
  });

  test('a reader lists, verifies, restores and pulls, and cannot push', { timeout: TIMEOUT }, async () => {
    const bucket = await makeBucket('locked');
    const place = use(bucket, 'copies', 'locked');
    await setPolicy(bucket, [
      ...grantedTo('pusher', statementsFor('### The pusher', bucket)),
      ...grantedTo('reader', statementsFor('### A reader', bucket)),
    ]);
    expect((await push()).exitCode).toBe(0);
    for (const command of [
      ['list', '--remote', 'off'],
      ['verify', id, '--remote', 'off'],
      ['restore', id, '--remote', 'off', '--to', path.join(reader.root, 'restored')],
      ['pull', id, '--remote', 'off', '--yes'],
    ]) {
      const { exitCode, stdout, stderr } = await reader.run(...command);
      expect(exitCode, `${command.join(' ')}: ${stdout}${stderr}`).toBe(0);
    }
    expect(filesOf(path.join(reader.backups, id))).toEqual(filesOf(backup));
    use(bucket, 'by-the-reader', 'locked');
    expect((await reader.run('push', id, '--remote', 'off', '--yes')).exitCode).toBe(5);
    expect((await judge(place, [backup])).wrong).toEqual([]);
  });
});
