import fs from 'node:fs';
import path from 'node:path';
import { looksLikeProject } from '../../config/project.ts';
import { fsyncDir, lstatOrNull, mkdirDurable, writeNewMeanwhile } from '../../fs/durable.ts';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { KeyNewReport } from '../../model/key-report.ts';
import { shellLine } from '../../model/shell-quote.ts';
import { fromSystemError, noFolder } from '../../model/system-error.ts';
import { realPathAsFar } from '../../paths/paths.ts';
import { newIdentity } from '../../protection/identities.ts';
import { machineFolder } from '../../repository/remotes/machine-folder.ts';
import { startReport } from '../../repository/report-head.ts';

export interface NewKeyOptions {
  /** A path, relative to `cwd`; undefined: a file among the settings of this user. */
  readonly file: string | undefined;
  readonly cwd: string;
  readonly kind: 'x25519' | 'post-quantum';
}

/**
 * Makes an age identity in a new file that only this user may read. Throws UNSAFE_TARGET for a place that a commit or a backup would take along,
 * TARGET_NOT_EMPTY, USAGE for a user without a home, and IO.
 */
export async function newKey(project: Project, options: NewKeyOptions, context: Context): Promise<KeyNewReport> {
  const head = startReport(context);
  const { kind } = options;
  const { text, recipient, fingerprint } = await newIdentity(kind, (context.now ?? (() => new Date()))());
  const file =
    options.file === undefined
      ? path.join(keysFolder(project, options.cwd), `${fingerprint.replace(':', '-')}.txt`)
      : path.resolve(options.cwd, options.file);
  const folder = path.dirname(file);
  refuseInside(project, options.cwd, file);
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw noFolder(folder, 'the key', 'place');
  if (lstatOrNull(file) !== null) throw exists(file);
  try {
    await writeNewMeanwhile(file, text, 0o600);
    fsyncDir(folder);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw exists(file);
    // Without its end nobody can use it.
    fs.rmSync(file, { force: true });
    throw fromSystemError(error, 'the key could not be written', file, 'No key was made.');
  }
  const next = [shellLine(['migbackup', 'key', 'drill', '--identity', file])];
  return { ...head(), operation: 'key-new', kind, recipient, fingerprint, file, next };
}

function keysFolder(project: Project, cwd: string): string {
  const settings = machineFolder('config');
  if (settings === null)
    throw new BackupError('USAGE', 'this user has no home folder for a key', {
      hint: 'Name the file: migbackup key new FILE',
    });
  const folder = path.join(settings, 'keys');
  refuseInside(project, cwd, folder);
  mkdirDurable(folder, 0o700);
  return folder;
}

/** A commit, a copy of the project or a backup would take the key along. */
function refuseInside({ root, repository }: Project, cwd: string, file: string): void {
  const at = path.join(realPathAsFar(path.dirname(file)), path.basename(file));
  const places: [what: string, folder: string][] = [['the backups folder', realPathAsFar(repository)]];
  // Where no project is found, the root is the current folder, which may be the home of this user.
  if (looksLikeProject(root) || root !== realPathAsFar(cwd)) places.push(['the project', realPathAsFar(root)]);
  for (const [what, folder] of places) {
    const inside = path.relative(folder, at);
    if (inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) continue;
    throw new BackupError('UNSAFE_TARGET', `a key does not belong into ${what}: ${file}`, {
      hint: `Name a file outside of ${folder}. If that is not the project that is meant, name it with --root.`,
      path: file,
    });
  }
}

function exists(file: string): BackupError {
  return new BackupError('TARGET_NOT_EMPTY', `there is something already: ${file}`, {
    hint: 'A key is never replaced: what is encrypted for it would be lost. Name another file.',
    path: file,
  });
}
