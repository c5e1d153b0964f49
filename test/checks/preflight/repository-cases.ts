import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import fs from 'node:fs';
import path from 'node:path';
import { checkInodes, checkSpace } from '../../../src/core/checks/preflight/repository.ts';
import { freeSpace } from '../../../src/core/fs/space.ts';
import type { CheckResult } from '../../../src/core/model/validate-report.ts';
import { acquireLock, type Lock } from '../../../src/core/repository/lock.ts';
import { push } from '../../../src/core/operations/push.ts';
import { status } from '../../../src/core/operations/status.ts';
import { FolderRemote } from '../../../src/core/repository/remotes/folder-remote.ts';
import { writeReport } from '../../../src/core/repository/reports.ts';
import { context } from '../../support/real-backup.ts';
import { after, type Case, type Cases, type Scene } from './scene.ts';

function hold(scene: Scene, lock: Lock): void {
  scene.onEnd(() => lock.release());
}

/** Space for so many times what is free, at a ratio if one is known. */
function spaceFor({ repository }: Scene, times: number, ratio?: number): CheckResult {
  const bytes = new Map([['docs', Number(freeSpace(repository).bytes) * times]]);
  return checkSpace(repository, { bytes, entries: 1, ratios: new Map(ratio === undefined ? [] : [['docs', ratio]]) });
}

/** With a remote in the config, and a home of its own for what was seen there. */
function withRemote(act: (scene: Scene, folder: string) => unknown): Case['provoke'] {
  return async (scene) => {
    const folder = scene.stored('..', 'far');
    const before = process.env['XDG_STATE_HOME'];
    process.env['XDG_STATE_HOME'] = scene.stored('..', 'state');
    scene.onEnd(() => {
      if (before === undefined) delete process.env['XDG_STATE_HOME'];
      else process.env['XDG_STATE_HOME'] = before;
    });
    scene.configure(null, { remotes: { far: { url: `file://${folder}` } } });
    FolderRemote.init(folder);
    await act(scene, folder);
    return scene.validate();
  };
}

const newRecipient = async (): Promise<string> => identityToRecipient(await generateX25519Identity());

/** Pushes to an encrypted remote, as if a drill of that copy were on record, whose keys the config then changes. */
async function changeKeys(scene: Scene, folder: string): Promise<void> {
  await encryptFar(scene, folder);
  await pushToFar(scene);
  const log = scene.stored('reports/operations.ndjson');
  const [pushed = ''] = fs.readFileSync(log, 'utf8').trimEnd().split('\n').slice(-1);
  const { copy, ...line } = JSON.parse(pushed);
  const drill = { remote: 'far', place: copy.place, tag: copy.tag, recipients: ['x25519:other'], openedBy: null };
  fs.appendFileSync(log, `${JSON.stringify({ ...line, operation: 'key-drill', drill })}\n`);
}

async function encryptFar(scene: Scene, folder: string): Promise<void> {
  const encryptTo = [await newRecipient(), await newRecipient()];
  scene.configure(null, { remotes: { far: { url: `file://${folder}`, encryptTo } } });
}

async function pushToFar({ project, root }: Scene): Promise<void> {
  const confirm = () => Promise.resolve(true);
  await push(
    project,
    { selectors: [], missing: false, remotes: ['far'], insecure: false, confirm, cwd: root },
    context,
  );
}

/** Where the backup will go, and what is there. */
export const REPOSITORY: Cases<
  | 'round-trip'
  | 'lock'
  | 'git-clean'
  | 'space'
  | 'inodes'
  | 'backups'
  | 'newest-backup'
  | 'copies'
  | 'keys'
  | 'stale-work'
  | 'report'
> = {
  'round-trip': [
    {
      when: 'the backups folder is a file',
      status: 'critical',
      says: 'cannot be written',
      createFails: 'REPOSITORY_UNWRITABLE',
      provoke: after((scene) => {
        fs.rmSync(scene.repository, { recursive: true });
        fs.writeFileSync(scene.repository, '');
      }),
    },
    {
      when: 'the backups folder is a link that leads nowhere',
      status: 'critical',
      says: 'leads nowhere',
      createFails: 'REPOSITORY_UNWRITABLE',
      provoke: after((scene) => {
        fs.rmSync(scene.repository, { recursive: true });
        fs.symlinkSync(`${scene.repository}-away`, scene.repository);
      }),
    },
    {
      when: 'the backups folder would be below a file',
      status: 'critical',
      says: 'cannot be written',
      createFails: 'REPOSITORY_UNWRITABLE',
      provoke: after((scene) => {
        scene.repository = scene.inside('package.json', 'backups');
      }),
    },
  ],
  lock: [
    {
      when: 'another holds the repository',
      status: 'critical',
      says: 'is locked by',
      createFails: 'LOCKED',
      provoke: after((scene) => hold(scene, acquireLock(scene.repository, 'create'))),
    },
    {
      when: 'another holds the project',
      status: 'critical',
      says: 'is locked by',
      createFails: 'LOCKED',
      provoke: after((scene) => hold(scene, acquireLock(scene.inside('.migbackup'), 'restore'))),
    },
  ],
  'git-clean': [
    {
      when: 'the repository is in the work tree',
      status: 'warning',
      says: 'git clean -fd would remove',
      provoke: after((scene) => {
        scene.repository = scene.inside('stored');
      }),
    },
    {
      when: 'git ignores the repository, as init makes it do',
      status: 'info',
      says: 'git clean -xfd would remove',
      provoke: after((scene) => {
        scene.repository = scene.inside('backups');
      }),
    },
  ],
  space: [
    { when: 'there is too little', status: 'critical', says: 'too little', provoke: (scene) => [spaceFor(scene, 100)] },
    {
      when: 'it may not be enough',
      status: 'warning',
      says: 'may not be enough',
      provoke: (scene) => [spaceFor(scene, 2)],
    },
    {
      when: 'earlier backups say so',
      status: 'warning',
      says: 'may not be enough',
      provoke: (scene) => [spaceFor(scene, 0.99, 1)],
    },
  ],
  inodes: [{ when: 'there are too few', status: 'critical', says: 'too few', provoke: () => checkInodes(63n) }],
  backups: [
    {
      when: 'there is none',
      status: 'info',
      says: 'no backup yet',
      provoke: after((scene) => fs.rmSync(scene.stored(scene.backupId), { recursive: true })),
    },
    {
      when: 'none was verified',
      status: 'warning',
      says: 'none of which',
      provoke: after((scene) => fs.rmSync(scene.stored('reports'), { recursive: true })),
    },
    {
      when: 'the newest was not verified',
      status: 'warning',
      says: /the newest not verified; migration-\S+ is verified in full, 0 min old/,
      provoke: after((scene) => scene.create({ verify: false })),
    },
    {
      when: 'the only one that verified is damaged since',
      status: 'warning',
      says: 'none of which',
      provoke: after((scene) => fs.truncateSync(scene.stored(scene.backupId, 'leveldb.tar.zst'), 10)),
    },
  ],
  'newest-backup': [
    {
      when: 'its archive is cut',
      status: 'warning',
      says: 'leveldb.tar.zst has 10 bytes instead of',
      provoke: after((scene) => fs.truncateSync(scene.stored(scene.backupId, 'leveldb.tar.zst'), 10)),
    },
    {
      when: 'its manifest is gone',
      status: 'warning',
      says: 'is missing',
      provoke: after((scene) => fs.rmSync(scene.stored(scene.backupId, 'BACKUP_MANIFEST.json'))),
    },
    {
      when: 'it FAILED to verify',
      status: 'warning',
      says: 'FAILED',
      provoke: after((scene) => {
        const failed = { startedAt: new Date().toISOString(), status: 'FAILED', scope: { mode: 'quick' } };
        return writeReport(scene.repository, scene.backupId, 'verify', failed);
      }),
    },
  ],
  copies: [
    {
      when: 'a remote has no copy that is known',
      status: 'warning',
      says: /migration-\S+: no copy is known in far/,
      provoke: withRemote(() => {}),
    },
    {
      when: 'a copy was not there any more',
      status: 'warning',
      says: /it was not in far any more at \d/,
      provoke: withRemote(async (scene, folder) => {
        await pushToFar(scene);
        fs.rmSync(path.join(folder, 'v1'), { recursive: true });
        await new Promise((resolve) => setTimeout(resolve, 5));
        await status(scene.project, { remotes: ['far'], insecure: false }, context);
      }),
    },
    {
      when: 'the lock of the copy has ended',
      status: 'info',
      says: /the lock of the copy of migration-\S+ ended in far on 2026-01-02/,
      provoke: withRemote(async (scene) => {
        await pushToFar(scene);
        const log = scene.stored('reports/operations.ndjson');
        const ended = fs
          .readFileSync(log, 'utf8')
          .replace('"lockedUntil":null', '"lockedUntil":"2026-01-02T00:00:00.000Z"');
        fs.writeFileSync(log, ended);
      }),
    },
  ],
  keys: [
    {
      when: 'no key has opened what is in an encrypted remote',
      status: 'warning',
      says: 'what is in far was never opened since it was encrypted',
      provoke: withRemote(async (scene, folder) => {
        await encryptFar(scene, folder);
        await pushToFar(scene);
      }),
    },
    {
      when: 'the keys of an encrypted remote were changed since the last drill',
      status: 'warning',
      says: /since its keys were changed: the last key drill \(2\S+\) was with others/,
      provoke: withRemote(changeKeys),
    },
    {
      when: 'a key in the config is none',
      status: 'warning',
      says: 'nothing can be pushed to far: recipient 1 is none of the forms of recipients',
      provoke: withRemote((scene, folder) =>
        scene.configure(null, { remotes: { far: { url: `file://${folder}`, encryptTo: ['me'] } } }),
      ),
    },
  ],
  'stale-work': [
    {
      when: 'a create was killed',
      status: 'info',
      says: 'one work folder',
      provoke: after((scene) => fs.mkdirSync(scene.stored('.partial-x'))),
    },
    {
      when: 'a prune was killed',
      status: 'info',
      says: 'one work folder',
      provoke: after((scene) => fs.mkdirSync(scene.stored('.dead-x'))),
    },
  ],
  report: [
    {
      when: 'its folder is a file',
      status: 'warning',
      says: 'could not be written',
      provoke: after((scene) => {
        fs.rmSync(scene.stored('reports'), { recursive: true });
        fs.writeFileSync(scene.stored('reports'), '');
      }),
    },
  ],
};
