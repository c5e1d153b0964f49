import fs from 'node:fs';
import path from 'node:path';
import { withFault } from '../../transaction/support/faults.ts';
import type { Scene } from './scene.ts';

const YES = () => Promise.resolve(true);

export interface Operation {
  /** Makes the state that it begins from. */
  readonly prepare: (scene: Scene) => Promise<void>;
  readonly run: (scene: Scene) => Promise<unknown>;
  /** What the operation log calls it where it changed the project; null: it changes nothing there. */
  readonly logged: string | null;
  /** A restore is unfinished when it begins: the tree is neither old nor new yet. */
  readonly pending?: boolean;
}

function newest(scene: Scene, kind: 'migration' | 'safety' = 'migration') {
  const found = scene.product.listBackups(scene.project.repository).find((ref) => ref.kind === kind);
  return { id: found?.id ?? '', folder: found?.folder ?? '', dispose() {} };
}

function take(scene: Scene): Promise<unknown> {
  return scene.product.create(scene.project, { verify: true, allowPartial: false }, scene.context);
}

/** A backup, and then the project in ruins. */
async function ruin(scene: Scene): Promise<void> {
  await take(scene);
  scene.nextDay();
  scene.destroy();
}

function putBack(scene: Scene): Promise<unknown> {
  const options = { only: [], exact: true, dryRun: false, safetyBackup: true, allowUnsafeLinks: false, confirm: YES };
  return scene.product.restore(scene.project, newest(scene), options, scene.context);
}

function takeBack(scene: Scene): Promise<unknown> {
  return scene.product.undo(scene.project, { dryRun: false, confirm: YES }, scene.context);
}

function recover(scene: Scene): Promise<unknown> {
  return scene.product.recover(scene.project, {}, scene.context);
}

/** A restore that is killed right before a call that `matches`. */
function killed(matches: (call: string) => boolean): (scene: Scene) => Promise<void> {
  return async (scene) => {
    await ruin(scene);
    let dead = false;
    await withFault(
      null,
      () => putBack(scene),
      (name, args) => {
        const appends = name === 'openSync' && (Number(args[1]) & fs.constants.O_APPEND) !== 0;
        dead ||= matches(`${name} ${String(args[0])} ${String(args[1])}${appends ? ' to append' : ''}`);
        if (dead) throw new Error('killed');
        return false;
      },
    );
    if (!dead) throw new Error('the restore was not killed');
  };
}

/** Three backups and two safety backups, of which prune may keep one each. */
async function fill(scene: Scene): Promise<void> {
  for (let day = 0; day < 3; day++) {
    await take(scene);
    scene.nextDay();
  }
  for (const _again of [1, 2]) {
    scene.destroy();
    await putBack(scene);
    scene.nextDay();
  }
}

/** A guard that was killed, an unfinished backup, and a removal that stopped half-way. */
async function mess(scene: Scene): Promise<void> {
  await fill(scene);
  const { project, product } = scene;
  product.lockGuard(project.root).release();
  const marker = { backupId: newest(scene).id, command: ['migrate'], startedAt: '2026-01-01T00:00:00Z', token: 'x' };
  product.writeMarker(project.root, marker);
  const oldest = product.listBackups(project.repository).at(-1);
  if (oldest === undefined) throw new Error('there is no backup');
  fs.cpSync(oldest.folder, path.join(project.repository, '.partial-migration-x'), { recursive: true });
  fs.renameSync(oldest.folder, path.join(project.repository, `.dead-${oldest.id}`));
}

export type OperationName =
  | 'create'
  | 'restore'
  | 'undo'
  | 'way back of guard'
  | 'prune'
  | 'recover: staged, no journal'
  | 'recover: half moved aside'
  | 'recover: half moved in'
  | 'recover: committed, not logged'
  | 'recover: guard killed, stale folders';

/** Each operation as the commands call it, from a state that gives it all it can have to do. */
export const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  create: { prepare: () => Promise.resolve(), run: take, logged: null },
  restore: { prepare: ruin, run: putBack, logged: 'restore' },
  undo: {
    async prepare(scene) {
      await ruin(scene);
      await putBack(scene);
      scene.nextDay();
    },
    run: takeBack,
    logged: 'undo',
  },
  'way back of guard': {
    prepare: ruin,
    run: (scene) => scene.product.goBack(scene.project, newest(scene), scene.context),
    logged: 'guard',
  },
  prune: {
    prepare: fill,
    run(scene) {
      const options = { policy: { keepLast: 1, keepSafety: 1 }, dryRun: false, confirm: YES };
      return scene.product.prune(scene.project, options, scene.context);
    },
    logged: null,
  },
  'recover: staged, no journal': {
    prepare: killed((call) => /^renameSync .*plan\.json/.test(call)),
    run: recover,
    logged: null,
  },
  'recover: half moved aside': {
    // The -wal of the SQLite database is aside, its file is not.
    prepare: killed((call) => /^renameSync .*state\.db \S*aside\/\d+$/.test(call)),
    run: recover,
    logged: 'restore',
    pending: true,
  },
  'recover: half moved in': {
    // The file of the SQLite database is in, its -wal is not.
    prepare: killed((call) => /^linkSync .*stage\/\d+ \S*state\.db-wal$/.test(call)),
    run: recover,
    logged: 'restore',
    pending: true,
  },
  'recover: committed, not logged': {
    prepare: killed((call) => /^openSync .*operations\.ndjson \d+ to append$/.test(call)),
    run: recover,
    logged: 'restore',
    pending: true,
  },
  'recover: guard killed, stale folders': { prepare: mess, run: recover, logged: null },
};
