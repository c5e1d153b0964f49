import fs from 'node:fs';
import path from 'node:path';
import { escapeName } from '../paths/names.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { mountPoints } from '../fs/mounts.ts';
import { PathSet } from '../paths/path-set.ts';
import { parentOf, STATE_FOLDER, toNative } from '../paths/paths.ts';
import { freeSpace } from '../fs/space.ts';
import { type DatabaseAt, engineOf, findDatabases, recogniseFolder } from '../databases/engines.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import type { ChangePlan } from '../transaction/change.ts';
import { typeOf } from '../transaction/unit.ts';
import { hasContentOf } from '../transaction/same-as-live.ts';
import { onceLetGo, refuseHeld } from './keep-out.ts';
import { shellLine } from '../model/shell-quote.ts';

/** Refuses what checkPlaces refuses, and a database that another process still uses after a while or may be using. Nothing is touched before that. */
export async function checkTarget(root: string, plan: ChangePlan): Promise<void> {
  checkPlaces(root, plan);
  // Each place is examined only once, however many units are in it, because that lists a folder.
  const places = new Map<string, DatabaseAt>();
  const looked = new Set<string>();
  for (const unit of plan.units) {
    const { tree, path: at, database, old } = unit;
    // A folder that is replaced by a file may be a database too, of another engine.
    if (old?.type === 'dir' || (tree && old !== null))
      for (const found of findDatabases(toNative(root, at), at)) places.set(found.path, found);
    else if (database !== undefined) places.set(database.path, database);
    else if (!looked.has(parentOf(at))) {
      looked.add(parentOf(at));
      const engine = recogniseFolder(toNative(root, parentOf(at)));
      if (engine !== null) places.set(parentOf(at), { path: parentOf(at), engine: engine.name });
    }
  }
  for (const { path: at, engine } of places.values()) {
    const place = toNative(root, at);
    if (lstatOrNull(place) !== null) refuseHeld(at, await onceLetGo(() => engineOf(engine).whoHolds(place)));
  }
}

/** Refuses if there is too little space, if another file system is in the way, or if this user may not change a folder. */
export function checkPlaces(root: string, plan: ChangePlan): void {
  checkRoom(root, plan);
  checkMounts(root, plan);
  checkOneFileSystem(root, plan);
  refuseForeignFolders(root, plan);
}

function checkRoom(root: string, plan: ChangePlan): void {
  const free = freeSpace(root);
  // Old and new content exist side by side until the end, and each file takes whole blocks.
  const needed = BigInt(plan.bytes) + BigInt(plan.inodes) * BigInt(free.blockSize);
  if (free.bytes < needed) {
    throw new BackupError(
      'NO_SPACE',
      `not enough space to restore: ${free.bytes} bytes are free, ${needed} are needed`,
      {
        hint: 'Free some space, then run the command again. Nothing was changed.',
        path: root,
      },
    );
  }
  if (free.inodes !== null && free.inodes < BigInt(plan.inodes) + 16n) {
    throw new BackupError(
      'NO_SPACE',
      `not enough inodes to restore: ${free.inodes} are free, ${plan.inodes + 16} are needed`,
      {
        hint: 'Remove files on that file system, then run the command again. Nothing was changed.',
        path: root,
      },
    );
  }
}

/** A rename can move neither a mount point nor anything into or out of it, and a folder that is moved would take the mounts in it along. */
function checkMounts(root: string, plan: ChangePlan): void {
  const real = fs.realpathSync(root);
  const mounts = mountPoints().filter((mount) => mount.startsWith(`${real}/`));
  if (mounts.length === 0) return;
  const within = (place: string, folder: string): boolean => place === folder || place.startsWith(`${folder}/`);
  for (const relative of [STATE_FOLDER, ...plan.units.map((unit) => unit.path)]) {
    const place = toNative(real, relative);
    const mount = mounts.find((each) => within(place, each) || within(each, place));
    if (mount === undefined) continue;
    throw new BackupError(
      'UNSAFE_TARGET',
      `${escapeName(mount)} is a mount point: ${escapeName(relative)} cannot be swapped atomically`,
      {
        hint: 'Nothing was changed. Unmount it, leave it out with --only, or restore with --to DIR and move the files yourself.',
        path: mount,
      },
    );
  }
}

function checkOneFileSystem(root: string, plan: ChangePlan): void {
  const home = fs.lstatSync(root).dev;
  const parents = new Set<string>();
  for (const unit of plan.units) {
    const target = toNative(root, unit.path);
    const parent = path.dirname(target);
    const places = parents.has(parent) ? [target] : [target, parent];
    parents.add(parent);
    for (const place of places) {
      const stat = lstatOrNull(place);
      if (stat === null || Number(stat.dev) === home) continue;
      throw new BackupError(
        'UNSAFE_TARGET',
        `${escapeName(unit.path)} is on another file system than the project: it cannot be swapped atomically`,
        {
          hint: 'Nothing was changed. Unmount it, or restore with --to DIR and move the files yourself.',
          path: unit.path,
        },
      );
    }
  }
}

/** Re-reads every target after the swap: type, mode, size, hash, link target; removed paths must be gone. Throws POST_CHECK_FAILED. */
export function checkRestored(root: string, plan: ChangePlan): void {
  for (const entries of plan.content.values()) for (const entry of entries) checkEntry(root, entry);
  for (const unit of plan.units) {
    if (!unit.hasNew && lstatOrNull(toNative(root, unit.path)) !== null) throw failed(unit.path, 'is still there');
  }
  const trees = new PathSet(plan.units.flatMap((unit) => (unit.tree && unit.hasNew ? [unit.path] : [])));
  for (const change of plan.changes) {
    const inTree = change.action === 'remove' && trees.covers(change.path);
    if (inTree && lstatOrNull(toNative(root, change.path)) !== null) throw failed(change.path, 'is still there');
  }
}

function checkEntry(root: string, entry: Entry): void {
  const native = toNative(root, entry.path);
  const stat = lstatOrNull(native);
  if (stat === null || typeOf(stat) !== entry.type)
    throw failed(entry.path, `is not the ${entry.type} that was restored`);
  const isLink = entry.type === 'symlink';
  if (!isLink && Number(stat.mode & 0o777n) !== entry.mode) throw failed(entry.path, 'has another mode');
  if (!hasContentOf(entry, native, stat)) throw failed(entry.path, isLink ? 'points elsewhere' : 'has other content');
}

function failed(relative: string, what: string): BackupError {
  return new BackupError('POST_CHECK_FAILED', `after the restore ${escapeName(relative)} ${what}`, {
    hint: 'The restore was taken back: the project is as it was. Stop whatever may be writing there, then run the command again.',
    path: relative,
  });
}

const SHOWN = 5;

/**
 * Refuses a plan that has to change folders of other users which this user may not change, for example those that a container left which ran as root.
 * A rename needs write permission in the folder that something leaves or enters, and in a folder that is moved itself. Folders of this user are
 * opened for that. Throws IO before anything is touched.
 */
function refuseForeignFolders(root: string, { units }: Pick<ChangePlan, 'units'>): void {
  const user = process.geteuid?.();
  if (user === undefined || user === 0) return;
  const folders = new Set(
    units.flatMap((unit) => [parentOf(unit.path), ...(unit.old?.type === 'dir' ? [unit.path] : [])]),
  );
  const barred = [...folders].filter((folder) => !mayChange(toNative(root, folder), user));
  if (barred.length === 0) return;
  const natives = barred.map((folder) => toNative(root, folder));
  const owner = (native: string): string => `user ${lstatOrNull(native)?.uid ?? 'unknown'}`;
  const named = natives
    .slice(0, SHOWN)
    .map((native) => `${escapeName(path.relative(root, native))} (${owner(native)})`);
  const more = barred.length > SHOWN ? ` and ${barred.length - SHOWN} more` : '';
  const mend = shellLine(['sudo', 'chown', '-R', `${user}:${process.getegid?.() ?? user}`, '--', ...natives]);
  throw new BackupError('IO', `this user may not change folders of others: ${named.join(', ')}${more}`, {
    hint: `Nothing was changed. Run: ${mend}, then the same command again.`,
    path: natives[0] ?? root,
    details: { mend, folders: barred },
  });
}

function mayChange(folder: string, user: number): boolean {
  try {
    const stat = lstatOrNull(folder);
    if (stat?.isDirectory() !== true || Number(stat.uid) === user) return true;
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
