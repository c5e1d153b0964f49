import fs from 'node:fs';
import path from 'node:path';
import { utimesTime } from '../fs/clock.ts';
import { fsyncDir, lstatOrNull } from '../fs/durable.ts';
import { hasBothNames } from '../fs/second-name.ts';
import { assertRealParents, parentOf, toNative } from '../paths/paths.ts';
import { errnoOf } from '../model/backup-error.ts';
import { groupUnits, isDatabaseFile, isPart } from './database-units.ts';
import type { JournalInput } from './journal-schema.ts';
import { moveWhole, placeAt } from './move.ts';
import { holdsNothing, InTheWay } from './set-aside.ts';
import { statePaths, type StatePaths } from './state-folder.ts';
import { refuseOtherState, refuseStrangeParts, takeOutStrangeParts } from './strange-parts.ts';
import { targetChanged } from './target-changed.ts';
import { isIn, stillIs, type MetaStep, type Unit } from './unit.ts';

/**
 * Moves everything forward: old content aside, then new content in, then the folders' modes and times. Folders that are replaced come last,
 * each by itself, then each database that is a file with its parts, so that a database is away for a moment only, however much else there is to move. Old content is synced in its place aside
 * before the new one takes its place. What each unit still needs follows from which of target, aside and stage exist, so that it may be called
 * again after a crash. Throws TARGET_CHANGED before it touches something that is no longer what was planned.
 */
export function swapForward(root: string, journal: JournalInput, betweenSteps: () => void = () => {}): void {
  const paths = statePaths(root);
  endPlacing(root, journal.units);
  for (const unit of journal.units) assertComplete(paths, unit);
  openParents(root, journal);
  const { others, databases } = groupUnits(journal.units);
  const folders = others.filter(replacesFolder);
  const rest = others.filter((unit) => !replacesFolder(unit));
  for (const group of [rest, ...folders.map((unit) => [unit])]) {
    for (const unit of group) {
      moveAside(root, paths, unit);
      // A folder that is away is not kept waiting.
      if (group === rest) betweenSteps();
    }
    bringIn(group);
  }
  for (const database of databases) {
    refuseStrangeParts(root, paths, database);
    // The parts of a database go before its file and come after it: without them an older state of it could be opened.
    for (const unit of database.all.toReversed()) moveAside(root, paths, unit);
    bringIn(database.all);
  }
  for (const step of journal.meta) setMeta(root, step.path, step.newMode, step.newMtimeNs);
  syncMoves(root, journal.units, [paths.stage], journal.meta);
  dropFirstNames(root, journal.units);

  function bringIn(group: readonly Unit[]): void {
    syncMoves(root, group, [paths.aside]);
    for (const unit of group) {
      moveIn(root, paths, unit);
      betweenSteps();
    }
  }
}

/**
 * Ends what was under way when a swap was killed or failed: content that has its name in the project already (`placeAt`) loses the one that it had in
 * the stage or aside. To be called before it is asked where content is.
 */
export function endPlacing(root: string, units: readonly Unit[]): void {
  const placed = units.filter((unit) => firstNames(root, unit).length > 0);
  syncMoves(root, placed, []);
  dropFirstNames(root, placed);
}

/** A power cut may bring them back: then content has two names again. */
function dropFirstNames(root: string, units: readonly Unit[]): void {
  for (const unit of units) for (const name of firstNames(root, unit)) fs.unlinkSync(name);
}

function firstNames(root: string, unit: Unit): string[] {
  const { stage, aside } = statePaths(root);
  const target = toNative(root, unit.path);
  return [stage, aside].map((folder) => path.join(folder, String(unit.n))).filter((name) => hasBothNames(name, target));
}

/** A whole folder for a whole folder: a database, an exclusive source. */
function replacesFolder(unit: Unit): boolean {
  return unit.tree && unit.hasNew && unit.old?.type === 'dir';
}

/** New content that is neither staged nor, by its old content being aside, in place, is lost: then going forward would skip the unit. */
function assertComplete(paths: StatePaths, unit: Unit): void {
  const staged = lstatOrNull(path.join(paths.stage, String(unit.n))) !== null;
  const aside = lstatOrNull(path.join(paths.aside, String(unit.n))) !== null;
  if (unit.hasNew && unit.old !== null && !staged && !aside) throw targetChanged(unit.path);
}

/** Only root may rename in a read-only folder. It gets its mode, old or new, when everything is in its place. */
function openParents(root: string, journal: JournalInput): void {
  const parents = new Set(journal.units.map((unit) => parentOf(unit.path)));
  for (const step of journal.meta) {
    const native = toNative(root, step.path);
    const live = parents.has(step.path) ? lstatOrNull(native) : null;
    if (live?.isDirectory() !== true || (live.mode & 0o300n) === 0o300n) continue;
    fs.chmodSync(native, Number(live.mode & 0o777n) | 0o700);
  }
}

function moveAside(root: string, paths: StatePaths, unit: Unit): void {
  const target = toNative(root, unit.path);
  const aside = path.join(paths.aside, String(unit.n));
  if (unit.old === null || lstatOrNull(aside) !== null) return;
  const moved = unit.hasNew && lstatOrNull(path.join(paths.stage, String(unit.n))) === null;
  if (moved) return;
  assertRealParents(root, unit.path);
  if (!stillIs(target, unit.old)) throw targetChanged(unit.path);
  moveWhole(target, aside);
}

function moveIn(root: string, paths: StatePaths, unit: Unit): void {
  const staged = path.join(paths.stage, String(unit.n));
  if (!unit.hasNew || lstatOrNull(staged) === null) return;
  const target = toNative(root, unit.path);
  assertRealParents(root, unit.path);
  const ours = (unit.old !== null && !isPart(unit)) || holdsNothing(target);
  if (lstatOrNull(target) !== null) throw ours ? new InTheWay(unit, staged) : targetChanged(unit.path);
  if (!placeAt(staged, target)) throw new InTheWay(unit, staged);
}

/**
 * Moves everything back, in reverse: new content to stage, old content home, folders as they were. May be called again after a crash.
 * What somebody else put into a place meanwhile is never overwritten: InTheWay.
 * @param onTaken called with each unit whose new content was in its place until now
 */
export function swapBack(root: string, journal: JournalInput, onTaken: (unit: Unit) => void = () => {}): void {
  const paths = statePaths(root);
  endPlacing(root, journal.units);
  openParents(root, journal);
  const { others, databases } = groupUnits(journal.units);
  for (const database of databases.toReversed()) {
    takeOutStrangeParts(root, paths, database);
    for (const unit of database.all.toReversed()) takeOut(root, paths, unit, onTaken);
    for (const unit of database.all) {
      refuseOtherState(root, paths, database, unit);
      bringHome(root, paths, unit);
    }
  }
  for (const unit of others.toReversed()) {
    takeOut(root, paths, unit, onTaken);
    bringHome(root, paths, unit);
  }
  for (const step of journal.meta) setMeta(root, step.path, step.oldMode, step.oldMtimeNs);
  syncMoves(root, journal.units, [paths.aside, paths.stage], journal.meta);
  dropFirstNames(root, journal.units);
}

function takeOut(root: string, paths: StatePaths, unit: Unit, onTaken: (unit: Unit) => void): void {
  if (!isIn(root, paths, unit)) return;
  moveWhole(toNative(root, unit.path), path.join(paths.stage, String(unit.n)));
  onTaken(unit);
}

function bringHome(root: string, paths: StatePaths, unit: Unit): void {
  const target = toNative(root, unit.path);
  const aside = path.join(paths.aside, String(unit.n));
  if (unit.old === null || lstatOrNull(aside) === null) return;
  if (lstatOrNull(target) !== null || !placeAt(aside, target)) throw new InTheWay(unit, aside);
}

/** The folders and database files that a swap would move now, so that its caller can see to it that nobody is in them. */
export function placesToMove(root: string, journal: JournalInput, way: 'forward' | 'back'): Map<string, Unit> {
  const paths = statePaths(root);
  const moved = new Map<string, Unit>();
  const touched = new Set<string>();
  for (const unit of journal.units) {
    const target = toNative(root, unit.path);
    const staged = path.join(paths.stage, String(unit.n));
    const aside = path.join(paths.aside, String(unit.n));
    const out = unit.old !== null && lstatOrNull(aside) === null && (!unit.hasNew || lstatOrNull(staged) !== null);
    const leaving = way === 'forward' ? out : isIn(root, paths, unit);
    const coming = way === 'forward' ? staged : aside;
    if (unit.database !== undefined) {
      if (leaving || lstatOrNull(coming) !== null) touched.add(unit.database.path);
      continue;
    }
    // What lies by itself in a folder that stays: that folder is where somebody may be.
    const places = unit.tree ? [...(leaving ? [target] : []), coming] : leaving ? [path.dirname(target)] : [];
    for (const place of places) if (lstatOrNull(place)?.isDirectory() === true) moved.set(place, unit);
  }
  // Its file also where only a part is still to be moved: that comes to it.
  for (const unit of journal.units.filter((each) => isDatabaseFile(each) && touched.has(each.path)))
    for (const place of [
      toNative(root, unit.path),
      path.join(way === 'forward' ? paths.stage : paths.aside, `${unit.n}`),
    ])
      if (lstatOrNull(place)?.isFile() === true) moved.set(place, unit);
  return moved;
}

/**
 * Gives a folder its mode and time, where they differ. Only a folder's owner may: in one of somebody else's that we may write in, its time
 * stays the one of the change. That must not keep us from finishing, and least of all from going back.
 */
function setMeta(root: string, relative: MetaStep['path'], mode: number, mtimeNs: string): void {
  const native = toNative(root, relative);
  const live = lstatOrNull(native);
  if (live?.isDirectory() !== true) return;
  const time = utimesTime(BigInt(mtimeNs));
  if (live.mtimeNs !== BigInt(mtimeNs)) unless('EPERM', () => fs.utimesSync(native, time, time));
  if (Number(live.mode & 0o7777n) !== mode) unless('EPERM', () => fs.chmodSync(native, mode));
}

/** Does something that must not keep us from finishing or going back where this is what the system says to it. */
function unless(refusal: 'EPERM' | 'EACCES', action: () => void): void {
  try {
    action();
  } catch (error) {
    if (errnoOf(error) !== refusal) throw error;
  }
}

/** Makes the renames durable, and the modes and times that were set: in our own folders, in every parent of a unit, in folders that stay. */
function syncMoves(root: string, units: readonly Unit[], own: readonly string[], set: readonly MetaStep[] = []): void {
  const theirs = [...units.map((unit) => parentOf(unit.path)), ...set.map((step) => step.path)];
  const folders = new Set([...own, ...theirs.map((relative) => toNative(root, relative))]);
  for (const folder of folders) {
    // One that nobody may read, as it was or is to be, cannot be synced by itself.
    unless('EACCES', () => {
      if (lstatOrNull(folder)?.isDirectory() === true) fsyncDir(folder);
    });
  }
}
