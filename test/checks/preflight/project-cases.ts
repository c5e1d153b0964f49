import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { ClassicLevel } from 'classic-level';
import { checkOneFileSystem, checkRestoreWritable } from '../../../src/core/checks/preflight/project.ts';
import { lockGuard, writeMarker } from '../../../src/core/history/marker.ts';
import { restore } from '../../../src/core/operations/restore.ts';
import { writeJournal } from '../../../src/core/transaction/journal.ts';
import { whyNotFlags } from '../../support/file-flags.ts';
import { isRoot, whyNotAsUser } from '../../support/other-user.ts';
import { context } from '../../support/real-backup.ts';
import { after, type Case, type Cases } from './scene.ts';

const hasShm = fs.existsSync('/dev/shm') && fs.statSync('/dev/shm').dev !== fs.statSync('/').dev;

function withFlag(flag: '+a' | '+i', name: string): Case['provoke'] {
  return (scene) => {
    const place = scene.inside(name);
    scene.onEnd(() => execFileSync('chattr', ['-i', '-a', place]));
    execFileSync('chattr', [flag, place]);
    return scene.validate();
  };
}

/** What a restore would need, and what an interrupted one left. */
export const PROJECT: Cases<
  'state-gone' | 'state-folder' | 'restore-writable' | 'one-file-system' | 'transaction' | 'replaced-kept' | 'guard'
> = {
  'state-gone': [
    {
      when: 'a folder and a file in another are gone',
      status: 'critical',
      says: /^gone since migration-[^:]*: deployments\/mainnet\.json, docs\/how\.md$/,
      provoke: after((scene) => {
        fs.rmSync(scene.inside('deployments/mainnet.json'));
        fs.rmSync(scene.inside('docs/how.md'));
      }),
    },
    {
      when: 'a database is gone, with its folder or without',
      status: 'critical',
      says: /: leveldb \(\d files\)$/,
      provoke: after((scene) => {
        for (const name of fs.readdirSync(scene.inside('leveldb'))) fs.rmSync(scene.inside('leveldb', name));
      }),
    },
    {
      when: 'another database stands in its place, and holds nothing',
      status: 'critical',
      says: 'leveldb (empty now, 1 record before)',
      provoke: after(async (scene) => {
        fs.rmSync(scene.inside('leveldb'), { recursive: true });
        const database = new ClassicLevel(scene.inside('leveldb'));
        await database.open();
        await database.close();
      }),
    },
    {
      when: 'the backup cannot be compared',
      status: 'warning',
      says: 'was not compared with migration-',
      provoke: after((scene) => {
        const id = fs.readdirSync(scene.repository).find((name) => name.startsWith('migration-')) ?? '';
        fs.truncateSync(`${scene.repository}/${id}/INDEX.ndjson.zst`, 10);
      }),
    },
  ],
  'state-folder': [
    {
      when: 'a link stands in its place',
      status: 'critical',
      says: 'is not a real folder',
      createFails: 'UNSAFE_TARGET',
      provoke: after((scene) => {
        fs.renameSync(scene.inside('.migbackup'), `${scene.root}-away`);
        fs.symlinkSync(`${scene.root}-away`, scene.inside('.migbackup'));
      }),
    },
    {
      when: 'a file stands in its place',
      status: 'critical',
      says: 'is not a real folder',
      createFails: 'UNSAFE_TARGET',
      provoke: after((scene) => {
        fs.rmSync(scene.inside('.migbackup'), { recursive: true });
        fs.writeFileSync(scene.inside('.migbackup'), '');
      }),
    },
  ],
  'restore-writable': [
    {
      when: 'a folder is somebody else’s',
      status: 'critical',
      says: 'a restore could not write in 1 of',
      whyNot: whyNotAsUser,
      provoke: (scene) =>
        isRoot
          ? scene.validateAsUser(() => fs.chownSync(scene.inside('docs'), 0, 0))
          : [checkRestoreWritable('/', ['/'], { fixed: [], notLookedAt: [] })],
    },
    {
      when: 'the root is read-only and our folder is not yet there',
      status: 'critical',
      says: 'a restore could not write in 1 of',
      whyNot: whyNotAsUser,
      provoke: (scene) =>
        scene.validateAsUser(() => {
          fs.rmSync(scene.inside('.migbackup'), { recursive: true });
          fs.chmodSync(scene.root, 0o555);
          scene.onEnd(() => fs.chmodSync(scene.root, 0o755));
        }),
    },
    {
      when: 'a file is immutable',
      status: 'warning',
      says: 'could not replace 1 immutable or append-only path',
      whyNot: whyNotFlags,
      provoke: withFlag('+i', 'docs/how.md'),
    },
    {
      when: 'a file can only be appended to',
      status: 'warning',
      says: 'could not replace 1 immutable or append-only path',
      whyNot: whyNotFlags,
      provoke: withFlag('+a', 'docs/how.md'),
    },
    {
      when: 'a folder is immutable',
      status: 'critical',
      says: /^a restore could not write in 1 of \d+ folders \(1 immutable\)$/,
      advises: 'As root, remove the flags before a restore: chattr -i -a PATH.',
      whyNot: whyNotFlags,
      provoke: withFlag('+i', 'docs'),
    },
    {
      when: 'a folder can only be appended to',
      status: 'warning',
      says: 'could not replace 1 immutable or append-only path',
      whyNot: whyNotFlags,
      provoke: withFlag('+a', 'docs'),
    },
  ],
  'one-file-system': [
    {
      when: 'something is mounted in the project',
      status: 'critical',
      says: 'could not swap',
      // Linux has a file system in memory there, which is another one than that of temporary files almost everywhere.
      whyNot: hasShm ? null : '/dev/shm is no other file system here',
      provoke: ({ project }) => [checkOneFileSystem({ ...project, root: '/' }, ['/', '/dev/shm'])],
    },
  ],
  transaction: [
    {
      when: 'a restore was killed',
      status: 'warning',
      says: 'is unfinished',
      provoke: after((scene) => {
        fs.mkdirSync(scene.inside('.migbackup/txn'));
        const startedAt = new Date().toISOString();
        writeJournal(scene.root, { version: 1, id: 'x', backupId: scene.backupId, startedAt, units: [], meta: [] });
      }),
    },
    {
      when: 'its journal does not read',
      status: 'critical',
      says: 'plan.json',
      createFails: 'TRANSACTION_UNREADABLE',
      provoke: after((scene) => scene.put('.migbackup/txn/plan.json', 'half')),
    },
  ],
  'replaced-kept': [
    {
      when: 'a restore went without a safety backup',
      status: 'info',
      says: 'still kept',
      provoke: after((scene) => {
        fs.writeFileSync(scene.inside('docs/how.md'), 'changed');
        const selected = { id: scene.backupId, folder: scene.stored(scene.backupId), dispose() {} };
        const how = { only: [], allowUnsafeLinks: false, exact: false, dryRun: false, safetyBackup: false };
        return restore(scene.project, selected, { ...how, confirm: () => Promise.resolve(true) }, context);
      }),
    },
  ],
  guard: [
    {
      when: 'a guard was killed',
      status: 'warning',
      says: 'migrate --all',
      provoke: after((scene) => {
        lockGuard(scene.root).release();
        writeMarker(scene.root, {
          backupId: scene.backupId,
          command: ['migrate', '--all'],
          startedAt: 'then',
          token: 'none',
        });
      }),
    },
  ],
};
