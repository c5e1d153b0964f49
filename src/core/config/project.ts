import fs from 'node:fs';
import path from 'node:path';
import { isInside, realPathAsFar, STATE_FOLDER } from '../paths/paths.ts';
import { escapeName } from '../paths/names.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import { rememberedRule } from './checkout.ts';
import { CONFIG_FILE } from './config-file.ts';
import { loadConfig, loadConfigOrPreset, namesRule } from './load.ts';

export interface ProjectOptions {
  readonly cwd: string;
  /** --root */
  readonly root?: string | undefined;
  /** --backups (or MIGBACKUP_BACKUPS) */
  readonly backups?: string | undefined;
  /** --config */
  readonly config?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** For a way back: a config that cannot be used counts as lost. */
  readonly wayBack?: boolean | undefined;
}

/** Names that make a folder the root of a project. */
const MARKS = /^(migbackup\.config\.json|package\.json|foundry\.toml|hardhat\.config\..+)$/;

/**
 * The project that a command works on. The root is --root, otherwise the nearest folder upwards that looks like a project (but not above a folder
 * with `.git`), otherwise the current folder. The repository is --backups, otherwise MIGBACKUP_BACKUPS, otherwise the config's `backups`, otherwise
 * `<root>/backups`.
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
  // A lost config must not turn off what it asked for.
  const isLost = config.file === undefined && (namesRule(root) || rememberedRule(root));
  return { root, repository, config: isLost ? { ...config, requiredSignature: true } : config };
}

function findRoot(cwd: string): string {
  const start = realFolder(cwd);
  for (let folder = start; ; folder = path.dirname(folder)) {
    const names = listOrNothing(folder);
    if (names.some((name) => MARKS.test(name))) return folder;
    if (names.includes('.git') || path.dirname(folder) === folder) return start;
  }
}

/** Throws USAGE for a path that is not UTF-8: Node replaces such bytes with U+FFFD, and that name does not exist. */
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

/** Whether a folder has what makes it the root of a project, and is not only where a command was run. */
export function looksLikeProject(folder: string): boolean {
  return listOrNothing(folder).some((name) => MARKS.test(name) || name === STATE_FOLDER);
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
    // Other errors are reported below.
  }
  const why = fs.existsSync(root) ? 'is not a folder' : 'does not exist';
  throw new BackupError('USAGE', `the project folder ${why}: ${root}`, {
    hint: 'Give an existing folder with --root.',
    path: root,
  });
}

/**
 * Refuses a source in the repository and a repository at a source's own path, which would back up backups. The scan leaves out a repository inside a
 * wider source.
 */
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
    throw new BackupError('CONFIG_INVALID', `the backups folder is inside ${STATE_FOLDER}`, { hint, path: repository });
  for (const source of sources) {
    if (source.path !== '.' && isInside(source.path, inRoot)) {
      throw new BackupError(
        'CONFIG_CONFLICT',
        `${source.category}/${source.name} (${source.path}) is inside the backups folder`,
        { hint, path: repository },
      );
    }
    if (source.type !== 'files' && isInside(inRoot, source.path)) {
      throw new BackupError('CONFIG_CONFLICT', `the backups folder is inside the database ${source.path}`, {
        hint,
        path: repository,
      });
    }
  }
}
