import fs from 'node:fs';
import path from 'node:path';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { assertRealState } from '../../transaction/state-folder.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { forbiddenPart, isInside, STATE_FOLDER, toNative } from '../../paths/paths.ts';
import type { Attributes } from '../../scan/attributes.ts';
import { mountPoints } from '../../fs/mounts.ts';
import type { Project } from '../../model/category.ts';
import { Ownership } from '../../scan/ownership.ts';
import { committedFolder, finishedTransactions, pendingTransaction } from '../../transaction/transaction.ts';

/** Our folder in the project is a folder: through a link, a restore would move things out of the project, so every command refuses. */
export function checkStateFolder(root: string): CheckResult {
  const about = { id: 'state-folder', group: 'project' } as const;
  try {
    assertRealState(root);
    return { ...about, status: 'ok', message: 'nothing stands in the place of .migbackup' };
  } catch (error) {
    return refusal(about, error);
  }
}

/**
 * This user may write everywhere a restore would, and nothing that it replaces is fixed by a flag; in the root also before a restore has made anything
 * writable, where our folder is not yet there.
 */
export function checkRestoreWritable(
  root: string,
  places: readonly string[],
  { fixed, notLookedAt }: Pick<Attributes, 'fixed' | 'notLookedAt'>,
): CheckResult {
  const makesState = lstatOrNull(path.join(root, STATE_FOLDER)) === null;
  const refused = places.filter((place) => !(makesState && place === root ? mayWrite(place) : mayChange(place)));
  const evidence = { folders: places.length, fixed: fixed.length };
  const about = { id: 'restore-writable', group: 'project', evidence } as const;
  if (refused.length === 0 && fixed.length === 0) {
    const unknown = notLookedAt.includes('file flags') ? '; whether a file is immutable is not known' : '';
    return { ...about, status: 'ok', message: `a restore may write everywhere it would have to${unknown}` };
  }
  const said = [
    ...(refused.length > 0 ? [`could not write in ${refused.length} of ${places.length} folders`] : []),
    ...(fixed.length > 0 ? [`could not replace ${fixed.length} immutable or append-only paths`] : []),
  ];
  const advice = [
    ...(refused.length > 0 ? ['Give this user write permission there, or restore as another user.'] : []),
    ...(fixed.length > 0 ? ['As root, take the flags away before a restore: chattr -i -a PATH.'] : []),
  ];
  return {
    ...about,
    // What is as the backup has it need not be replaced.
    status: refused.length > 0 ? 'critical' : 'warning',
    message: `a restore ${said.join(' and ')}`,
    paths: [...refused.map((place) => nameOf(root, place)), ...fixed],
    recommendation: advice.join(' '),
  };
}

/** A restore swaps by renaming, which nothing does across a mount: what is mounted where it would rename cannot be restored in place. */
export function checkOneFileSystem(project: Project, places: readonly string[]): CheckResult {
  const { root } = project;
  const home = fs.statSync(root).dev;
  const elsewhere = places.filter((place) => fs.statSync(place).dev !== home).map((place) => nameOf(root, place));
  const folders = new Set(places.map((place) => nameOf(root, place)));
  const paths = [...new Set([...elsewhere, ...mountsInTheWay(project, folders)])];
  const about = { id: 'one-file-system', group: 'project' } as const;
  if (paths.length === 0)
    return { ...about, status: 'ok', message: 'everything a restore would change is on one file system' };
  return {
    ...about,
    status: 'critical',
    message: 'a restore in place could not swap what is mounted, or on another file system',
    paths,
    recommendation: 'Unmount it, or restore with --to DIR and move the files yourself.',
  };
}

/** Where something is mounted in the project, project-relative. */
export function mountsBelow(root: string): string[] {
  const real = fs.realpathSync(root);
  return mountPoints().flatMap((mount) => {
    const below = nameOf(real, mount);
    return below === '.' || below === '..' || below.startsWith('../') ? [] : [below];
  });
}

/**
 * Of these, what a restore would have to move, or move something out of. A bind mount has the device number of what it shows.
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
 * Every folder in which a restore would rename things: those that hold what the categories hold, and for a source that is not there its
 * nearest existing parent; and our own folder. Absolute, the project's root first.
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

/** A folder as a person of the project calls it. */
function nameOf(root: string, folder: string): string {
  return path.relative(root, folder).split(path.sep).join('/') || '.';
}

/** Whether this user may rename in a folder: a restore makes its own folders writable for as long as it needs them, which no immutable one (EPERM) can be. */
function mayChange(folder: string): boolean {
  const refusal = refusalOf(folder);
  return refusal === null || (refusal === 'EACCES' && fs.statSync(folder).uid === process.getuid?.());
}

/** Whether this user may make something in a folder as it is. */
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

/** A restore that was killed. The next command settles it, unless its journal cannot be read: then every command refuses. */
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
      recommendation: 'Run migbackup recover: the project is in between until then.',
    };
  } catch (error) {
    return refusal(about, error);
  }
}

/** What finished restores replaced and is still there, because no safety backup was seen to hold it. */
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
        'The next command that changes something removes it if its safety backup holds it; else remove it when you no longer need it.',
    };
  } catch (error) {
    return refusal(about, error);
  }
}

/** What stops every command that changes something. */
function refusal(about: Pick<CheckResult, 'id' | 'group'>, error: unknown): CheckResult {
  if (!(error instanceof BackupError)) throw error;
  const paths = error.path === undefined ? [] : [error.path];
  return { ...about, status: 'critical', message: error.message, paths, recommendation: error.hint };
}

/** What is on record of a guarded command whose guard was killed, and the sentence that tells it. */
export interface HalfDone {
  readonly said: string;
  readonly backupId: string;
  readonly command: readonly string[];
  readonly startedAt: string;
}

/** A guarded command whose guard was killed: its half work is still there. */
export function checkGuard(halfDone: HalfDone | null): CheckResult {
  const about = { id: 'guard', group: 'project' } as const;
  if (halfDone === null) return { ...about, status: 'ok', message: 'no guarded command was left half done' };
  const recommendation = 'migbackup undo takes back what the command did; migbackup recover keeps it.';
  const { said, ...evidence } = halfDone;
  return { ...about, status: 'warning', message: said, evidence, recommendation };
}
