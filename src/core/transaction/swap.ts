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
 * Moves everything forward: old content aside, then new content in, then the folders' modes and times. Folders that are replaced come last, one by
 * one, then each database that is a file with its parts. So a database is away only for a moment, however much else there is to move. Old content is
 * synced in its place aside before new content takes its place. Which of target, aside and stage exist tells what each unit still needs, so this can
 * be called again after a crash. Throws TARGET_CHANGED before it touches anything that is no longer what was planned.
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
      // Nothing may delay the folder that is away now.
      if (group === rest) betweenSteps();
    }
    bringIn(group);
  }
  for (const database of databases) {
    refuseStrangeParts(root, paths, database);
    // The parts of a database leave before its file and come in after it. The file without its parts could be opened in an older state.
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
 * Finishes the moves that a killed or failed swap left half done: content that already has its name in the project (`placeAt`) loses the name that it
 * had in the stage or aside. Call this before asking where content is.
 */
export function endPlacing(root: string, units: readonly Unit[]): void {
  const placed = units.filter((unit) => firstNames(root, unit).length > 0);
  syncMoves(root, placed, []);
  dropFirstNames(root, placed);
}

/** After a power cut the first names may be back, and content has two names again. */
function dropFirstNames(root: string, units: readonly Unit[]): void {
  for (const unit of units) for (const name of firstNames(root, unit)) fs.unlinkSync(name);
}

function firstNames(root: string, unit: Unit): string[] {
  const { stage, aside } = statePaths(root);
  const target = toNative(root, unit.path);
  return [stage, aside].map((folder) => path.join(folder, String(unit.n))).filter((name) => hasBothNames(name, target));
}

/** Whether a unit replaces a whole folder with a whole folder: a database or an exclusive source. */
function replacesFolder(unit: Unit): boolean {
  return unit.tree && unit.hasNew && unit.old?.type === 'dir';
}

/**
 * Throws if new content is lost: it is not staged, and since its old content is not aside, it is not in place either. Going forward would then skip
 * the unit.
 */
function assertComplete(paths: StatePaths, unit: Unit): void {
  const staged = lstatOrNull(path.join(paths.stage, String(unit.n))) !== null;
  const aside = lstatOrNull(path.join(paths.aside, String(unit.n))) !== null;
  if (unit.hasNew && unit.old !== null && !staged && !aside) throw targetChanged(unit.path);
}

/** Only root may rename in a read-only folder. The folder gets its mode, old or new, when everything is in its place. */
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
  // If the plan found something here, it is aside by now, so what is here was made since and can be set aside. So can a shell without data. Anything
  // else was not there when the plan was made, and nobody has agreed to move it.
  const canBeSetAside = (unit.old !== null && !isPart(unit)) || holdsNothing(target);
  if (lstatOrNull(target) !== null) throw canBeSetAside ? new InTheWay(unit, staged) : targetChanged(unit.path);
  if (!placeAt(staged, target)) throw new InTheWay(unit, staged);
}

/**
 * Moves everything back, in reverse: new content to the stage, old content to its place, folders as they were. May be called again after a crash. It
 * never overwrites what somebody else made in a place meanwhile, and throws InTheWay instead.
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

/** The folders and database files that a swap would move now, so that its caller can make sure that nobody uses them. */
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
    // A unit of its own in a folder that stays: somebody may be using that folder.
    const places = unit.tree ? [...(leaving ? [target] : []), coming] : leaving ? [path.dirname(target)] : [];
    for (const place of places) if (lstatOrNull(place)?.isDirectory() === true) moved.set(place, unit);
  }
  // The database file counts even if only a part is still to be moved, because the part comes to it.
  for (const unit of journal.units.filter((each) => isDatabaseFile(each) && touched.has(each.path)))
    for (const place of [
      toNative(root, unit.path),
      path.join(way === 'forward' ? paths.stage : paths.aside, `${unit.n}`),
    ])
      if (lstatOrNull(place)?.isFile() === true) moved.set(place, unit);
  return moved;
}

/**
 * Gives a folder its mode and time if they differ. Only a folder's owner may do that. Another user's folder that we may write to keeps the time of
 * the change. That must not stop us from finishing, and above all not from going back.
 */
function setMeta(root: string, relative: MetaStep['path'], mode: number, mtimeNs: string): void {
  const native = toNative(root, relative);
  const live = lstatOrNull(native);
  if (live?.isDirectory() !== true) return;
  const time = utimesTime(BigInt(mtimeNs));
  if (live.mtimeNs !== BigInt(mtimeNs)) unless('EPERM', () => fs.utimesSync(native, time, time));
  if (Number(live.mode & 0o7777n) !== mode) unless('EPERM', () => fs.chmodSync(native, mode));
}

/** Does something, and ignores the given error, which must not stop us from finishing or going back. */
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
    // A folder that cannot be read, with its old or its new mode, cannot be synced by itself.
    unless('EACCES', () => {
      if (lstatOrNull(folder)?.isDirectory() === true) fsyncDir(folder);
    });
  }
}
