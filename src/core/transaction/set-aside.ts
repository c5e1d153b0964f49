import fs from 'node:fs';
import path from 'node:path';
import { isVolatilePath } from '../databases/engines.ts';
import { fsyncDir, lstatOrNull, mkdirDurable } from '../fs/durable.ts';
import { escapeName } from '../paths/names.ts';
import { parentOf, toNative } from '../paths/paths.ts';
import { BackupError } from '../model/backup-error.ts';
import { groupUnits, isPart, partsBeside, stagedAt } from './database-units.ts';
import type { JournalInput } from './journal-schema.ts';
import { moveWhole, placeAt } from './move.ts';
import { contentDigestAt } from './staged-content.ts';
import { statePaths } from './state-folder.ts';
import type { Unit } from './unit.ts';

/** Content of somebody else that was in the way, or content of ours that was changed since. It is moved away whole and never deleted. */
export interface SetAside {
  /** Its place in the project. */
  readonly path: string;
  /**
   * `made`: another process made it while the place was empty. `changed`: new content that was changed before it was taken back. `outdated`: an old
   * part of a database that another process had changed before the part was back.
   */
  readonly why: 'made' | 'changed' | 'outdated';
  /** Where it is kept; null if it held no data. */
  readonly kept: string | null;
}

/** What a transaction needs from its caller because others may be working in the project. */
export interface Surroundings {
  /**
   * Called before a folder or a database file is moved. Makes sure that nobody has a database in it open or can open one. Waits a while, and throws
   * if somebody still has one open.
   */
  readonly keepOut: (folder: string, unit: Unit) => Promise<void>;
  readonly onSetAside: (found: SetAside) => void;
}

/** For a project in which nobody else works. */
export const ALONE: Surroundings = { keepOut: () => Promise.resolve(), onSetAside() {} };

/** Something is in the place where `incoming` has to go. It was made there after we moved the old content away. */
export class InTheWay extends BackupError {
  readonly unit: Unit;
  readonly incoming: string;

  constructor(unit: Unit, incoming: string) {
    super('TARGET_CHANGED', `${escapeName(unit.path)} is made again by another process each time it is moved away`, {
      hint: 'Stop the process that writes there, then run the command again.',
      path: unit.path,
    });
    this.unit = unit;
    this.incoming = incoming;
  }
}

/** How often to move away what is in the way before giving up. */
const ATTEMPTS = 20;

/** Runs a swap and moves away what others put in its way meanwhile. The swap may be called several times. */
export async function clearingTheWay<T>(
  root: string,
  journal: JournalInput,
  surroundings: Surroundings,
  swap: () => T,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return swap();
    } catch (error) {
      if (!(error instanceof InTheWay) || attempt === ATTEMPTS) throw error;
      await clearTheWay(root, journal, error, surroundings);
    }
  }
}

async function clearTheWay(
  root: string,
  { id }: JournalInput,
  { unit, incoming }: InTheWay,
  { keepOut, onSetAside }: Surroundings,
): Promise<void> {
  const target = toNative(root, unit.path);
  if (isPart(unit)) {
    const place = newPlace(keptFolder(root, id), unit.path);
    moveWhole(incoming, place);
    fsyncDir(path.dirname(place));
    onSetAside({ path: unit.path, why: 'outdated', kept: place });
    return;
  }
  if (unit.database !== undefined || lstatOrNull(target)?.isDirectory() === true) await keepOut(target, unit);
  const there = ['', ...partsBeside(unit).map(({ part }) => part)].filter(
    (part) => lstatOrNull(target + part) !== null,
  );
  const [first] = there;
  if (first === undefined) return;
  const nothing = holdsNothing(target);
  const place = nothing ? newPlace(statePaths(root).shells, unit.path) : newPlace(keptFolder(root, id), unit.path);
  // A database file goes last: without its parts an older state of it could be opened.
  for (const part of there.toReversed()) moveWhole(target + part, place + part);
  onSetAside({ path: unit.path, why: 'made', kept: nothing ? null : place + first });
  // It is moved without delay, so that the place is empty only for a moment.
  placeAt(incoming, target);
  fsyncDir(path.dirname(place));
  fsyncDir(toNative(root, parentOf(unit.path)));
}

/** Keeps the content of taken-back units that somebody changed after it was staged. Of a database, all its parts are kept. */
export function keepChanged(
  root: string,
  { id }: JournalInput,
  units: readonly Unit[],
  { onSetAside }: Surroundings,
): void {
  const { others, databases } = groupUnits(units);
  for (const all of [...others.map((unit) => [unit]), ...databases.map((database) => database.all)])
    keepGroup(root, id, all, onSetAside);
}

function keepGroup(root: string, id: string, all: readonly Unit[], onSetAside: Surroundings['onSetAside']): void {
  const [first] = all;
  const { stage } = statePaths(root);
  const staged = all.flatMap((unit) => {
    return [{ part: '', carriesData: false }, ...partsBeside(unit)].flatMap(({ part, carriesData }) => {
      const at = stagedAt(stage, unit, part);
      return lstatOrNull(at) === null
        ? []
        : [{ at, path: unit.path + part, isStrange: carriesData, isOurs: part === '', unit }];
    });
  });
  const isChanged = staged.some(
    ({ at, isStrange, isOurs, unit }) => isStrange || (isOurs && contentDigestAt(at) !== unit.staged),
  );
  if (first === undefined || !isChanged) return;
  const base = first.database?.path ?? first.path;
  const place = newPlace(keptFolder(root, id), base);
  for (const each of staged) moveWhole(each.at, place + each.path.slice(base.length));
  fsyncDir(path.dirname(place));
  onSetAside({ path: base, why: 'changed', kept: place });
}

function keptFolder(root: string, id: string): string {
  return path.join(statePaths(root).state, `set-aside-${id}`);
}

/** A place for it in a new folder in `base`, where it keeps its name. */
function newPlace(base: string, relative: string): string {
  const taken = lstatOrNull(base)?.isDirectory() === true ? fs.readdirSync(base) : [];
  const folder = path.join(base, String(taken.length + 1));
  mkdirDurable(folder, 0o700);
  return path.join(folder, path.basename(relative));
}

/** Whether a folder is empty, or holds only what an engine makes before it knows whether there is a database. */
export function holdsNothing(native: string): boolean {
  if (lstatOrNull(native)?.isDirectory() !== true) return false;
  return fs.readdirSync(native, { withFileTypes: true }).every((entry) => entry.isFile() && isVolatilePath(entry.name));
}
