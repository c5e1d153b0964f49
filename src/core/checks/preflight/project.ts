import fs from 'node:fs';
import path from 'node:path';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import { plural } from '../../model/plural.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { assertRealState } from '../../transaction/state-folder.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { forbiddenPart, isInside, STATE_FOLDER, toNative } from '../../paths/paths.ts';
import type { Attributes } from '../../scan/attributes.ts';
import { mountPoints } from '../../fs/mounts.ts';
import type { Project } from '../../model/category.ts';
import { Ownership } from '../../scan/ownership.ts';
import { committedFolder, finishedTransactions, pendingTransaction } from '../../transaction/transaction.ts';

/** Checks that our folder in the project is a real folder. Through a link, a restore would move things out of the project, so every command refuses. */
export function checkStateFolder(root: string): CheckResult {
  const about = { id: 'state-folder', group: 'project' } as const;
  try {
    assertRealState(root);
    return { ...about, status: 'ok', message: 'no link or file is in the place of .migbackup' };
  } catch (error) {
    return refusal(about, error);
  }
}

/**
 * Checks that this user may write everywhere a restore would write, and that no flag keeps a file from being replaced. The root must be writable
 * already if our folder is not yet in it: a restore makes that folder before it makes anything else writable.
 */
export function checkRestoreWritable(
  root: string,
  places: readonly string[],
  { fixed, notLookedAt }: Pick<Attributes, 'fixed' | 'notLookedAt'>,
): CheckResult {
  const makesState = lstatOrNull(path.join(root, STATE_FOLDER)) === null;
  const refused = places.filter((place) => !(makesState && place === root ? mayWrite(place) : mayChange(place)));
  const immutable = refused.filter(isImmutable);
  const names = refused.map((place) => nameOf(root, place));
  const alsoFixed = fixed.filter((path) => !names.includes(path));
  const evidence = { folders: places.length, fixed: fixed.length };
  const about = { id: 'restore-writable', group: 'project', evidence } as const;
  if (refused.length === 0 && fixed.length === 0) {
    const unknown = notLookedAt.includes('file flags') ? '; whether a file is immutable is not known' : '';
    return { ...about, status: 'ok', message: `a restore may write everywhere it has to${unknown}` };
  }
  const ofThem = immutable.length > 0 ? ` (${immutable.length} immutable)` : '';
  const said = [
    ...(refused.length > 0 ? [`could not write in ${refused.length} of ${places.length} folders${ofThem}`] : []),
    ...(alsoFixed.length > 0 ? [`could not replace ${plural(alsoFixed.length, 'immutable or append-only path')}`] : []),
  ];
  const advice = [
    ...(refused.length > immutable.length
      ? ['Give this user write permission there, or restore as another user.']
      : []),
    ...(immutable.length + alsoFixed.length > 0
      ? ['As root, remove the flags before a restore: chattr -i -a PATH.']
      : []),
  ];
  return {
    ...about,
    // A fixed path is no problem if it is as the backup has it, because then nothing replaces it.
    status: refused.length > 0 ? 'critical' : 'warning',
    message: `a restore ${said.join(' and ')}`,
    paths: [...names, ...alsoFixed],
    recommendation: advice.join(' '),
  };
}

/** Checks that a restore in place could swap everything. It swaps by renaming, and a rename never crosses a mount point. */
export function checkOneFileSystem(project: Project, places: readonly string[]): CheckResult {
  const { root } = project;
  const home = fs.statSync(root).dev;
  const elsewhere = places.filter((place) => fs.statSync(place).dev !== home).map((place) => nameOf(root, place));
  const folders = new Set(places.map((place) => nameOf(root, place)));
  const paths = [...new Set([...elsewhere, ...mountsInTheWay(project, folders)])];
  const about = { id: 'one-file-system', group: 'project' } as const;
  if (paths.length === 0)
    return { ...about, status: 'ok', message: 'everything that a restore would change is on one file system' };
  return {
    ...about,
    status: 'critical',
    message: 'a restore in place could not swap mount points and what is on another file system',
    paths,
    recommendation: 'Unmount it, or restore with --to DIR and move the files yourself.',
  };
}

/** The mount points in the project, project-relative. */
export function mountsBelow(root: string): string[] {
  const real = fs.realpathSync(root);
  return mountPoints().flatMap((mount) => {
    const below = nameOf(real, mount);
    return below === '.' || below === '..' || below.startsWith('../') ? [] : [below];
  });
}

/**
 * The mount points that a restore would have to move, or move something into or out of. Device numbers alone do not show them: a bind mount has the
 * device number of what it shows.
 * @param folders project-relative folders that have something to restore in them
 */
export function mountsInTheWay({ root, repository, config }: Project, folders: ReadonlySet<string>): string[] {
  const ownership = new Ownership(config.categories);
  const isOurs = (mount: string): boolean => path.join(root, mount) === repository || forbiddenPart(mount) !== null;
  return mountsBelow(root).filter((mount) => {
    if ([...folders].some((folder) => isInside(folder, mount))) return true;
    return !isOurs(mount) && ownership.ownerOf(mount) !== undefined;
  });
}

/**
 * Every folder in which a restore would rename things: the folders with entries of the categories, the nearest existing parent of each source that is
 * missing, and our own folder. The paths are absolute, and the project's root comes first.
 * @param folders project-relative folders of the inventory
 */
export function restorePlaces({ root, config }: Project, folders: readonly string[]): string[] {
  const places = new Set([root, ...folders.map((folder) => toNative(root, folder))]);
  const state = path.join(root, STATE_FOLDER);
  if (lstatOrNull(state)?.isDirectory() === true) places.add(state);
  for (const { path: source } of config.categories.flatMap((category) => category.sources)) {
    let place = path.dirname(toNative(root, source === '.' ? 'x' : source));
    while (lstatOrNull(place)?.isDirectory() !== true && place !== root) place = path.dirname(place);
    places.add(place);
  }
  return [...places];
}

/** The name of a folder as a person in the project would write it. */
function nameOf(root: string, folder: string): string {
  return path.relative(root, folder).split(path.sep).join('/') || '.';
}

/**
 * Whether a restore could rename in a folder. If the folder belongs to this user, a restore makes it writable for as long as it needs; an immutable
 * folder (EPERM) cannot be made writable.
 */
function mayChange(folder: string): boolean {
  const refusal = refusalOf(folder);
  return refusal === null || (refusal === 'EACCES' && fs.statSync(folder).uid === process.getuid?.());
}

/** Linux answers EPERM for an immutable folder alone, to root too. */
function isImmutable(folder: string): boolean {
  return process.platform === 'linux' && refusalOf(folder) === 'EPERM';
}

/** Whether this user may create something in a folder as it is. */
function mayWrite(folder: string): boolean {
  return refusalOf(folder) === null;
}

function refusalOf(folder: string): string | null {
  try {
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return null;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    return code;
  }
}

/** Reports a restore that was killed. The next command finishes it or takes it back, unless its journal cannot be read: then every command refuses. */
export function checkTransaction(root: string): CheckResult {
  const about = { id: 'transaction', group: 'project' } as const;
  try {
    const pending = pendingTransaction(root);
    if (pending === null) return { ...about, status: 'ok', message: 'no unfinished restore' };
    return {
      ...about,
      status: 'warning',
      message: 'a restore was interrupted and is unfinished',
      evidence: { operation: pending.operation, backupId: pending.backupId, startedAt: pending.startedAt },
      recommendation: 'Run migbackup recover. Until then the project is between its old and its new state.',
    };
  } catch (error) {
    return refusal(about, error);
  }
}

/** Reports what finished restores replaced and what is still kept, because no safety backup was seen to hold it. */
export function checkReplacedKept(root: string): CheckResult {
  const about = { id: 'replaced-kept', group: 'project' } as const;
  try {
    const kept = finishedTransactions(root).map(({ id }) => committedFolder(root, id));
    if (kept.length === 0) return { ...about, status: 'ok', message: 'nothing is kept that a restore replaced' };
    return {
      ...about,
      status: 'info',
      message: 'what a finished restore replaced is still kept',
      paths: kept,
      recommendation:
        'The next command that changes something removes it if its safety backup holds it. Otherwise remove it when you no longer need it.',
    };
  } catch (error) {
    return refusal(about, error);
  }
}

/** A journal that cannot be read stops every command that changes something. */
function refusal(about: Pick<CheckResult, 'id' | 'group'>, error: unknown): CheckResult {
  if (!(error instanceof BackupError)) throw error;
  const paths = error.path === undefined ? [] : [error.path];
  return { ...about, status: 'critical', message: error.message, paths, recommendation: error.hint };
}

/** What is on record about a guarded command whose guard was killed, and a sentence that says so. */
export interface HalfDone {
  readonly said: string;
  readonly backupId: string;
  readonly command: readonly string[];
  readonly startedAt: string;
}

/** Reports a guarded command whose guard was killed: what the command did is still there. */
export function checkGuard(halfDone: HalfDone | null): CheckResult {
  const about = { id: 'guard', group: 'project' } as const;
  if (halfDone === null) return { ...about, status: 'ok', message: 'no guarded command was left half done' };
  const recommendation = 'migbackup undo takes back what the command did; migbackup recover keeps it.';
  const { said, ...evidence } = halfDone;
  return { ...about, status: 'warning', message: said, evidence, recommendation };
}
