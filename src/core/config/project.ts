import fs from 'node:fs';
import path from 'node:path';
import { isInside, realPathAsFar, STATE_FOLDER } from '../paths/paths.ts';
import { escapeName } from '../paths/names.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import { CONFIG_FILE } from './config-file.ts';
import { loadConfig, loadConfigOrPreset } from './load.ts';

export interface ProjectOptions {
  readonly cwd: string;
  /** --root */
  readonly root?: string | undefined;
  /** --backups (or MIGBACKUP_BACKUPS) */
  readonly backups?: string | undefined;
  /** --config */
  readonly config?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** For a way back: a config that cannot be used is treated as a lost one. */
  readonly wayBack?: boolean | undefined;
}

/** What makes a folder a project's root. */
const MARKS = /^(migbackup\.config\.json|package\.json|foundry\.toml|hardhat\.config\..+)$/;

/**
 * The project that a command works on. Root: --root, else the nearest folder upwards that looks like a project, never above one
 * with `.git`, else the current one. Repository: --backups, MIGBACKUP_BACKUPS, the config's `backups`, else `<root>/backups`.
 */
export function resolveProject(options: ProjectOptions): Project {
  const root = options.root === undefined ? findRoot(options.cwd) : givenRoot(path.resolve(options.cwd, options.root));
  const file = options.config === undefined ? undefined : path.resolve(options.cwd, options.config);
  const { config, backups } = (options.wayBack === true ? loadConfigOrPreset : loadConfig)(root, {
    file,
    env: options.env,
  });
  const given = options.backups ?? options.env['MIGBACKUP_BACKUPS'];
  const repository = realPathAsFar(
    given === undefined || given === '' ? path.resolve(root, backups ?? 'backups') : path.resolve(options.cwd, given),
  );
  checkRepositoryPlace(
    root,
    repository,
    config.categories.flatMap((category) => category.sources),
  );
  return { root, repository, config };
}

function findRoot(cwd: string): string {
  const start = realFolder(cwd);
  for (let folder = start; ; folder = path.dirname(folder)) {
    const names = listOrNothing(folder);
    if (names.some((name) => MARKS.test(name))) return folder;
    if (names.includes('.git') || path.dirname(folder) === folder) return start;
  }
}

/** Throws USAGE for a path that is not UTF-8: Node puts U+FFFD for what it cannot read, and no such name is there. */
function realFolder(folder: string): string {
  try {
    return fs.realpathSync.native(folder);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT' || !folder.includes('\uFFFD')) throw cause;
    throw notUtf8(folder, cause);
  }
}

function notUtf8(folder: string, cause: unknown): BackupError {
  return new BackupError('USAGE', `the path of the project is not UTF-8: ${escapeName(folder)}`, {
    hint: 'Rename the folder whose name has other bytes (shown as \uFFFD), then run the command again there.',
    path: folder,
    cause,
  });
}

function listOrNothing(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function givenRoot(root: string): string {
  try {
    const real = fs.realpathSync.native(root);
    if (fs.statSync(real).isDirectory()) return real;
  } catch (error) {
    if (root.includes('\uFFFD')) throw notUtf8(root, error);
    // Anything else is said below.
  }
  const why = fs.existsSync(root) ? 'is not a folder' : 'does not exist';
  throw new BackupError('USAGE', `the project folder ${why}: ${root}`, {
    hint: 'Give an existing folder with --root.',
    path: root,
  });
}

/** A source in the repository, or a repository in a source's own place, would back up backups. The repository inside a wider source is left out by the scan. */
function checkRepositoryPlace(
  root: string,
  repository: string,
  sources: Project['config']['categories'][number]['sources'],
): void {
  const inRoot = path.relative(root, repository).split(path.sep).join('/');
  const hint = `Choose another place with --backups DIR or "backups" in ${CONFIG_FILE}.`;
  if (inRoot === '')
    throw new BackupError('CONFIG_INVALID', 'the backups folder is the project itself', { hint, path: repository });
  if (inRoot.startsWith('..') || path.isAbsolute(inRoot)) return;
  if (isInside(inRoot, STATE_FOLDER))
    throw new BackupError('CONFIG_INVALID', `the backups folder lies in ${STATE_FOLDER}`, { hint, path: repository });
  for (const source of sources) {
    if (source.path !== '.' && isInside(source.path, inRoot)) {
      throw new BackupError(
        'CONFIG_CONFLICT',
        `${source.category}/${source.name} (${source.path}) lies in the backups folder`,
        { hint, path: repository },
      );
    }
    if (source.type !== 'files' && isInside(inRoot, source.path)) {
      throw new BackupError('CONFIG_CONFLICT', `the backups folder lies in the database ${source.path}`, {
        hint,
        path: repository,
      });
    }
  }
}
