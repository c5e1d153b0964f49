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

/** Something of somebody else that had to make way, or that is no longer what we had put there: moved away whole, never deleted. */
export interface SetAside {
  /** Its place in the project. */
  readonly path: string;
  /**
   * `made`: it was made there while the place was empty. `changed`: what was brought in had been changed when it was taken back. `outdated`: a part
   * of a database that somebody went on with before that part was back.
   */
  readonly why: 'made' | 'changed' | 'outdated';
  /** Where it is kept; null: it held no data. */
  readonly kept: string | null;
}

/** What a transaction asks of its caller while others are at work in the project. */
export interface Surroundings {
  /** Before a folder or a database file is moved: sees to it that nobody has a database in it open, nor can open one. Waits a while; throws if somebody stays. */
  readonly keepOut: (folder: string, unit: Unit) => Promise<void>;
  readonly onSetAside: (found: SetAside) => void;
}

/** Nobody else is there, and nobody listens. */
export const ALONE: Surroundings = { keepOut: () => Promise.resolve(), onSetAside() {} };

/** Something stands where `incoming` has to go, and it was made there since we moved away what had been there. */
export class InTheWay extends BackupError {
  readonly unit: Unit;
  readonly incoming: string;

  constructor(unit: Unit, incoming: string) {
    super('TARGET_CHANGED', `${escapeName(unit.path)} is made anew by something else, again and again`, {
      hint: 'Stop whatever writes there, then run the command again.',
      path: unit.path,
    });
    this.unit = unit;
    this.incoming = incoming;
  }
}

/** How often what stands in the way is moved away before we give up. */
const ATTEMPTS = 20;

/** Runs a swap, which may be called again, and moves away what others put in its way meanwhile. */
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
  // At once: the place is empty for as short as possible.
  placeAt(incoming, target);
  fsyncDir(path.dirname(place));
  fsyncDir(toNative(root, parentOf(unit.path)));
}

/** Of the units that were taken back, keeps what somebody has changed since it was staged: of a database all that belongs to it. */
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

/** A new folder of its own in `base`, in which it keeps its name. */
function newPlace(base: string, relative: string): string {
  const taken = lstatOrNull(base)?.isDirectory() === true ? fs.readdirSync(base) : [];
  const folder = path.join(base, String(taken.length + 1));
  mkdirDurable(folder, 0o700);
  return path.join(folder, path.basename(relative));
}

/** An empty folder, or one with nothing but what an engine makes before it knows whether there is a database. */
export function holdsNothing(native: string): boolean {
  if (lstatOrNull(native)?.isDirectory() !== true) return false;
  return fs.readdirSync(native, { withFileTypes: true }).every((entry) => entry.isFile() && isVolatilePath(entry.name));
}
