import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { toNative } from '../paths/paths.ts';
import { isPartThere, partsBeside, partsThere, stagedAt, type DatabaseUnits } from './database-units.ts';
import { moveWhole } from './move.ts';
import { InTheWay } from './set-aside.ts';
import { contentDigestAt } from './staged-content.ts';
import type { StatePaths } from './state-folder.ts';
import { targetChanged } from './target-changed.ts';
import { isIn, stillIs, type Unit } from './unit.ts';

/*
 * The parts of a database move one after another, so that others may come in between: after the plan was made, or after a kill. What they write
 * belongs to the file that they found. It must never end beside another.
 */

/**
 * Before a database is moved forward: beside a file that is not in yet stands nothing but what the plan moves away, and one that was brought in
 * before a kill is what was staged while parts of it are still to come. Throws TARGET_CHANGED, or InTheWay for what is left of a database that
 * somebody made meanwhile.
 */
export function refuseStrangeParts(root: string, paths: StatePaths, { file, all }: DatabaseUnits): void {
  if (file === undefined) return;
  const target = toNative(root, file.path);
  const away = file.old !== null && asideOf(paths, file) !== null;
  const isFileIn = isIn(root, paths, file);
  const strange = partsThere(file, target).filter((part) => {
    const unit = all.find((each) => each.path === file.path + part);
    // What is not what was planned is said when it is moved aside.
    const isLeft = unit !== undefined && unit.old !== null && asideOf(paths, unit) === null && !away && !isFileIn;
    return !isLeft && !isOurs(root, paths, unit);
  });
  if (isFileIn) {
    const coming = all.some(
      (unit) => unit !== file && unit.hasNew && lstatOrNull(stagedAt(paths.stage, unit)) !== null,
    );
    if (coming && (strange.length > 0 || contentDigestAt(target) !== file.staged)) throw targetChanged(file.path);
    return;
  }
  const [part] = strange;
  if (part === undefined) return;
  if (away && file.hasNew) throw new InTheWay(file, stagedAt(paths.stage, file));
  throw targetChanged(file.path + part);
}

/** What somebody wrote beside a file that was brought in goes with it when that is taken back. */
export function takeOutStrangeParts(root: string, paths: StatePaths, { file, all }: DatabaseUnits): void {
  if (file === undefined || !isIn(root, paths, file)) return;
  const target = toNative(root, file.path);
  for (const { part } of partsBeside(file)) {
    const unit = all.find((each) => each.path === file.path + part);
    if (!isOurs(root, paths, unit) && isPartThere(file, target, part))
      moveWhole(target + part, stagedAt(paths.stage, file, part));
  }
}

/**
 * Before a unit of a database comes home: no part stands in the place of a file that does, and beside a file that is home stand only parts that
 * were there with it. Throws InTheWay.
 */
export function refuseOtherState(root: string, paths: StatePaths, { file, all }: DatabaseUnits, unit: Unit): void {
  const aside = path.join(paths.aside, String(unit.n));
  if (file === undefined || file.old === null || lstatOrNull(aside) === null) return;
  const target = toNative(root, file.path);
  const unitOf = (part: string): Unit | undefined => all.find((each) => each.path === file.path + part);
  const isRight =
    unit === file
      ? partsThere(file, target).every((part) => isOurs(root, paths, unitOf(part)))
      : stillIs(target, file.old);
  if (!isRight) throw new InTheWay(unit, aside);
}

/** What stands in the place of a part is what we put there, or what the plan found there: a power cut may bring that back alone. */
function isOurs(root: string, paths: StatePaths, unit: Unit | undefined): boolean {
  if (unit === undefined) return false;
  if (isIn(root, paths, unit)) return true;
  return unit.old !== null && asideOf(paths, unit) === null && stillIs(toNative(root, unit.path), unit.old);
}

function asideOf({ aside }: StatePaths, { n }: Unit): unknown {
  return lstatOrNull(path.join(aside, String(n)));
}
