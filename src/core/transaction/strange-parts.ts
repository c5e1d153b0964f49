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
 * The parts of a database move one after another, so other processes may write in between, after the plan was made or after a kill. What they write
 * belongs to the database file that they found. It must never end up beside another one.
 */

/**
 * Checks a database before it is moved forward. If its new file is not in place yet, only parts that the plan moves away may be there. If the file
 * came in before a kill and parts are still to come, it must be what was staged. Throws TARGET_CHANGED, or InTheWay for the parts of a database that
 * somebody made meanwhile.
 */
export function refuseStrangeParts(root: string, paths: StatePaths, { file, all }: DatabaseUnits): void {
  if (file === undefined) return;
  const target = toNative(root, file.path);
  const away = file.old !== null && asideOf(paths, file) !== null;
  const isFileIn = isIn(root, paths, file);
  const strange = partsThere(file, target).filter((part) => {
    const unit = all.find((each) => each.path === file.path + part);
    // If this part is not what was planned, the move aside reports it.
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

/** When a file is taken back, moves along what somebody wrote beside it. */
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
 * Checks a database before one of its units is moved back. Before the file comes back, no foreign part may be beside its place. Before a part comes
 * back, the old file must be there. Throws InTheWay.
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

/** Whether the part on disk is the one that we put there or the one that the plan found there, which a power cut may bring back alone. */
function isOurs(root: string, paths: StatePaths, unit: Unit | undefined): boolean {
  if (unit === undefined) return false;
  if (isIn(root, paths, unit)) return true;
  return unit.old !== null && asideOf(paths, unit) === null && stillIs(toNative(root, unit.path), unit.old);
}

function asideOf({ aside }: StatePaths, { n }: Unit): unknown {
  return lstatOrNull(path.join(aside, String(n)));
}
