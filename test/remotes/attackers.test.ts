import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withReason } from '../support/skipped.ts';
import { clientOf, everything, gatewayEndpoint, makeBucket, owner, setPolicy, whyNoS3 } from './support/bucket.ts';
import { filesOf } from './support/judge.ts';
import { credentials, Machine } from './support/machine.ts';
import { grantedTo, statementsFor } from './support/policies.ts';

/* What others can do to copies with the rights that they have: a stolen pusher, an admin who hides, one who destroys. */
const TIMEOUT = 600_000;

describe.skipIf(whyNoS3 !== null)(withReason('attackers', whyNoS3), () => {
  let machine: Machine;
  let other: Machine;
  let id: string;
  let backup: string;
  beforeAll(async () => {
    ({ machine, id, backup } = await Machine.withBackup());
    other = Machine.withProjectOf(machine);
    for (const each of [machine, other]) each.env = credentials('owner');
  }, 120_000);
  afterAll(() => {
    machine[Symbol.dispose]();
    other[Symbol.dispose]();
  });

  async function pushed(kind: 'plain' | 'versioned' | 'locked'): Promise<string> {
    const bucket = await makeBucket(kind);
    const lock = kind === 'locked' && { lock: { mode: 'governance', days: 2 } };
    for (const each of [machine, other])
      each.setRemotes({ off: { url: `s3://${bucket}/p`, endpoint: gatewayEndpoint, region: 'us-east-1', ...lock } });
    const { exitCode, stdout, stderr } = await machine.run('push', id, '--remote', 'off', '--yes');
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
    return bucket;
  }

  /** The copy is listed, verifies, and another machine gets every byte of it. */
  async function expectWhole(): Promise<void> {
    other.forget();
    const listed = await other.run('list', '--remote', 'off', '--json', '--all-projects');
    expect(listed.stdout).toContain(id);
    for (const command of [
      ['verify', id, '--remote', 'off'],
      ['pull', id, '--remote', 'off', '--yes'],
    ]) {
      const { exitCode, stdout, stderr } = await other.run(...command);
      expect(exitCode, `${command.join(' ')}: ${stdout}${stderr}`).toBe(0);
    }
    expect(filesOf(path.join(other.backups, id))).toEqual(filesOf(backup));
  }

  test.each(['versioned', 'locked'] as const)(
    'delete markers over everything in a %s bucket hide nothing',
    { timeout: TIMEOUT },
    async (kind) => {
      const bucket = await pushed(kind);
      const { versions } = await everything(bucket, '');
      for (const { Key } of versions) await owner.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      expect((await everything(bucket, '')).markers).toHaveLength(versions.length);
      await expectWhole();
      // The copy is there, so there is nothing to push.
      expect((await machine.run('push', id, '--remote', 'off', '--yes')).exitCode).toBe(0);
      await expectWhole();
    },
  );

  test.each(['versioned', 'locked'] as const)(
    'a stolen pusher replaces nothing in a %s bucket, and deletes nothing',
    { timeout: TIMEOUT },
    async (kind) => {
      const bucket = await pushed(kind);
      await setPolicy(bucket, grantedTo('pusher', statementsFor('### The pusher', bucket)));
      const thief = clientOf('pusher');
      const { versions } = await everything(bucket, '');
      for (const { Key, VersionId } of versions) {
        await expect(thief.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }))).rejects.toThrow();
        await expect(thief.send(new DeleteObjectCommand({ Bucket: bucket, Key }))).rejects.toThrow();
        await thief.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{"statement":"{}","signatures":[]}' }));
      }
      await expectWhole();
    },
  );

  test('thousands of later versions of a commit change nothing', { timeout: TIMEOUT }, async () => {
    const bucket = await pushed('versioned');
    const [commit] = (await everything(bucket, 'p/v1/commits/')).versions;
    for (let round = 0; round < 50; round++)
      await Promise.all(
        Array.from({ length: 50 }, () =>
          owner.send(new PutObjectCommand({ Bucket: bucket, Key: commit?.Key, Body: 'x' })),
        ),
      );
    await expectWhole();
  });

  test('what is destroyed or replaced in a plain bucket is found, and never pulled', { timeout: TIMEOUT }, async () => {
    const bucket = await pushed('plain');
    const { versions } = await everything(bucket, 'p/v1/data/');
    const archive = versions.find(({ Key }) => Key?.endsWith('deployments.tar.zst') ?? false) ?? versions[0];
    for (const destroy of [
      () =>
        owner.send(new PutObjectCommand({ Bucket: bucket, Key: archive?.Key, Body: Buffer.alloc(archive?.Size ?? 0) })),
      () => owner.send(new DeleteObjectCommand({ Bucket: bucket, Key: archive?.Key })),
    ]) {
      await destroy();
      other.forget();
      const verified = await other.run('verify', id, '--remote', 'off');
      expect(verified.exitCode, verified.stdout).toBe(4);
      const pulled = await other.run('pull', id, '--remote', 'off', '--yes');
      expect(pulled.exitCode, `${pulled.stdout}${pulled.stderr}`).toBe(4);
      expect((await other.run('list', '--json')).stdout).not.toContain(`"${id}"`);
    }
  });
});
