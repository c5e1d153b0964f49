import { appendFileSync, cpSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amount } from '../support/effort.ts';
import { resumArtifacts } from '../support/rewrite-backup.ts';
import { withReason } from '../support/skipped.ts';
import { BUCKET_KINDS, gatewayEndpoint, makeBucket, whyNoS3 } from './support/bucket.ts';
import { filesOf, judge, placeInBucket, tagOf } from './support/judge.ts';
import { credentials, Machine } from './support/machine.ts';

/* Two machines push at the same moment: the same backup, and two different ones by the same id. Both copies of the latter exist, and each is whole. */
const DAYS = 2;

describe.skipIf(whyNoS3 !== null)(withReason('two pushers at once', whyNoS3), () => {
  let id: string;
  let backup: string;
  let one: Machine;
  let same: Machine;
  let different: Machine;
  let reader: Machine;
  beforeAll(async () => {
    ({ machine: one, id, backup } = await Machine.withBackup());
    same = Machine.withProjectOf(one);
    different = Machine.withProjectOf(one);
    reader = Machine.withProjectOf(one);
    for (const each of [same, different]) cpSync(one.backups, each.backups, { recursive: true });
    appendFileSync(path.join(different.backups, id, 'RESTORE_PROCEDURES.md'), 'another\n');
    resumArtifacts(path.join(different.backups, id));
    for (const each of [one, same, different, reader]) each.env = credentials('owner');
  }, 120_000);
  afterAll(() => {
    for (const each of [one, same, different, reader]) each[Symbol.dispose]();
  });

  test.each(BUCKET_KINDS)('in a %s bucket', { timeout: 600_000 }, async (kind) => {
    const bucket = await makeBucket(kind);
    const rounds = amount(1, 5);
    for (const [what, rival] of [
      ['same', same],
      ['different', different],
    ] as const) {
      for (let round = 0; round < rounds; round++) {
        const prefix = `${what}-${round}`;
        const remote = {
          url: `s3://${bucket}/${prefix}`,
          endpoint: gatewayEndpoint,
          region: 'us-east-1',
          ...(kind === 'locked' && { lock: { mode: 'governance', days: DAYS } }),
        };
        for (const each of [one, rival, reader]) each.setRemotes({ off: remote });
        const lockedBy = kind === 'locked' ? new Date(Date.now() + (DAYS - 0.01) * 86_400_000) : undefined;
        const push = ['push', id, '--remote', 'off', '--yes'];
        const ends = await Promise.all([one.run(...push), rival.run(...push)]);
        for (const { exitCode, stdout, stderr } of ends) expect(exitCode, `${stdout}${stderr}`).toBe(0);
        const folders = [backup, path.join(rival.backups, id)];
        const verdict = await judge(placeInBucket(bucket, prefix), folders, lockedBy);
        expect(verdict.wrong).toEqual([]);
        expect(verdict.copies).toEqual([...new Set(folders.map((folder) => `${id}/${tagOf(folder)}`))].toSorted());
        reader.forget();
        const pulled = await reader.run('pull', id, '--remote', 'off', '--yes', '--copy', tagOf(backup));
        expect(pulled.exitCode, `${pulled.stdout}${pulled.stderr}`).toBe(0);
        expect(filesOf(path.join(reader.backups, id))).toEqual(filesOf(backup));
        if (what === 'different') {
          const listed = await reader.run('list', '--remote', 'off', '--json');
          for (const folder of folders) expect(listed.stdout).toContain(tagOf(folder));
          expect(listed.stdout).toContain('copies-differ');
        }
      }
    }
  });
});
