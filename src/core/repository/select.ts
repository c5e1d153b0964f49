import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { KeysAtHand } from '../model/event.ts';
import { nearlyMatching } from '../model/nearest.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { parseId } from '../format/id.ts';
import { MANIFEST_FILE, OPEN_FILE } from '../format/layout.ts';
import { isVersion1 } from '../format/version1.ts';
import { VERSION_1_IS_PARTIAL, whyPartial } from '../format/why-partial.ts';
import { listBackups, repositoryProblem, statOrNull, type BackupRef } from './catalog.ts';
import type { SelectedBackup } from './selected.ts';
import { ownBackups, type ReadBackup } from './whose.ts';

/** `latest` and `latest~1`, the one before. */
export const LATEST = /^latest(?:~(\d{1,6}))?$/;

const TAKE_ONE = 'migbackup create takes one; --backups DIR looks elsewhere.';

export interface SelectOptions {
  readonly cwd: string;
  /** Told why `latest` is not simply the newest. */
  readonly onNote?: ((message: string) => void) | undefined;
  /** What may open an encrypted export. */
  readonly keys?: KeysAtHand | undefined;
}

/**
 * The backup that `selector` names: an id, a part of one that no other has, `latest`, `latest~1`, or the path of a backup folder or exported
 * file. Throws NO_SUCH_BACKUP or AMBIGUOUS_BACKUP, and for an exported file what `openExported` throws.
 */
export async function selectBackup(
  project: Project,
  selector: string,
  options: SelectOptions,
): Promise<SelectedBackup> {
  const { repository } = project;
  const all = listBackups(repository);
  const latest = LATEST.exec(selector);
  if (latest !== null) return chosen(findLatest(project, Number(latest[1] ?? 0), all.length, options));
  const exact = all.find((ref) => ref.id === selector);
  if (exact !== undefined) return chosen(exact);
  const matching = selector === '' ? [] : all.filter((ref) => ref.id.includes(selector));
  const [only] = matching;
  if (matching.length === 1 && only !== undefined) return chosen(only);
  if (matching.length > 1) {
    throw new BackupError('AMBIGUOUS_BACKUP', `"${shorten(escapeName(selector))}" matches ${matching.length} backups`, {
      hint: `Give more of the id: ${matching
        .slice(0, 5)
        .map((ref) => ref.id)
        .join(', ')}${matching.length > 5 ? ', …' : ''}.`,
      details: { candidates: matching.map((ref) => ref.id) },
    });
  }
  const byPath = selector === '' ? null : await selectPath(path.resolve(options.cwd, selector), options.keys);
  if (byPath !== null) return byPath;
  const message = notFound(selector, options.cwd);
  if (all.length === 0) throw noSuchBackup(`${message}: ${sayNone(repository)}`, hintFor(repository));
  const close = nearlyMatching(
    selector,
    all.map((ref) => ref.id),
  );
  const meant = close.length === 0 ? '' : ` Did you mean ${close.join(' or ')}?`;
  throw noSuchBackup(message, `migbackup list shows all backups (${all.length}).${meant}`);
}

/** Says that the selector names no backup, and why if it looks like a path. */
function notFound(selector: string, cwd: string): string {
  const shown = shorten(escapeName(selector));
  if (selector !== '' && statOrNull(path.resolve(cwd, selector)) !== null) return `the folder ${shown} is not a backup`;
  const asPath = /[/\\]|\.(zip|tar)$/.test(selector);
  return asPath ? `there is no file or folder ${shown}` : `no backup matches "${shown}"`;
}

/**
 * The project's newest complete migration backup, or the one that is `back` places before it. If no backup is complete, the partial ones count. A
 * backup that cannot be read counts as complete: whoever asks for the latest must learn of it, and not get an older one instead. `ofAll`: how many
 * backups the repository holds, those of other projects too.
 */
function findLatest(project: Project, back: number, ofAll: number, { onNote }: SelectOptions): BackupRef {
  const own = ownBackups(project).filter(({ kind }) => kind === 'migration');
  if (own.length === 0) throw noneHere(project.repository, ofAll);
  const partial = new Map(own.map((backup) => [backup, whyNotWhole(backup)]));
  const whole = own.filter((backup) => partial.get(backup) === null);
  const among = whole.length > 0 ? whole : own;
  const found = among[back];
  if (found === undefined) {
    const what = whole.length > 0 ? 'complete backups' : 'backups';
    throw noSuchBackup(
      `there is no latest~${back}: this project has ${among.length} ${what}`,
      'migbackup list shows them.',
    );
  }
  const madeIn = found.manifest?.project.root;
  if (madeIn !== undefined && madeIn !== project.root)
    onNote?.(`${found.id} was made in ${shorten(escapeName(madeIn))}, not in this folder`);
  const over = own.slice(0, own.indexOf(found)).filter((backup) => partial.get(backup) !== null);
  const whyTaken = partial.get(found) ?? null;
  if (whyTaken !== null) onNote?.(`${found.id} is partial (${whyTaken}), and this project has no complete backup`);
  else if (over[0] !== undefined) {
    const [first, why] = [over[0].id, partial.get(over[0])];
    const newer =
      over.length === 1
        ? `${first} is newer, and partial (${why})`
        : `${first} (${why}) and ${over.length - 1} more are newer, and partial`;
    onNote?.(`${found.id} is the latest complete one; ${newer}`);
  }
  return found;
}

function whyNotWhole({ folder, manifest }: ReadBackup): string | null {
  if (manifest !== null) return whyPartial(manifest, folder);
  return isVersion1(folder) ? VERSION_1_IS_PARTIAL : null;
}

/** NO_SUCH_BACKUP: the repository holds no backup of this project. @param others how many backups of other projects it has */
export function noneHere(repository: string, others: number): BackupError {
  if (others === 0) return noSuchBackup(sayNone(repository), hintFor(repository));
  return noSuchBackup(
    `there is no backup of this project in ${repository}`,
    `migbackup create takes one. migbackup list --all-projects shows the ${others} of other projects.`,
  );
}

function sayNone(repository: string): string {
  const problem = repositoryProblem(repository);
  return `there is no backup in ${repository}${problem === null ? '' : `, which ${problem.what}`}`;
}

const hintFor = (repository: string): string => repositoryProblem(repository)?.hint ?? TAKE_ONE;

/** Throws NO_SUCH_BACKUP if the repository is missing or is not a folder, because then nobody knows what it held. */
export function requireRepository(repository: string): void {
  if (repositoryProblem(repository) !== null) throw noSuchBackup(sayNone(repository), hintFor(repository));
}

function chosen(ref: BackupRef): SelectedBackup {
  return { id: ref.id, folder: ref.folder, dispose() {} };
}

async function selectPath(candidate: string, keys: KeysAtHand | undefined): Promise<SelectedBackup | null> {
  const stat = statOrNull(candidate);
  if (stat === null) return null;
  if (stat.isDirectory()) {
    const id = path.basename(candidate);
    // A folder with the name of a backup counts as one; without a manifest it is a damaged one.
    const hasManifest = fs.existsSync(path.join(candidate, MANIFEST_FILE));
    if (parseId(id) === null && !hasManifest && !isVersion1(candidate)) return null;
    if (!hasManifest && fs.existsSync(path.join(candidate, OPEN_FILE)))
      throw noSuchBackup(
        `${escapeName(candidate)} is an encrypted export that was unpacked`,
        `Give the exported file as it was, or open it by hand as ${OPEN_FILE} in that folder says.`,
      );
    // Its name appears in every line that is printed about it.
    if (escapeName(id) !== id)
      throw noSuchBackup(
        `${escapeName(candidate)} has control or invisible characters in its name`,
        'Rename the folder.',
      );
    return { id, folder: candidate, dispose() {} };
  }
  const { openExported } = await import('./open-exported.ts');
  return openExported(candidate, os.tmpdir(), keys);
}

function noSuchBackup(message: string, hint: string): BackupError {
  return new BackupError('NO_SUCH_BACKUP', message, { hint });
}
