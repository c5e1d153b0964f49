import { globProblem } from '../paths/globs.ts';
import { isInside, joined, pathProblem } from '../paths/paths.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { ENGINE_SHAPES, ENGINE_TITLES } from '../model/engine-name.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Category, Source } from '../model/category.ts';
import { invalid } from './config-text.ts';
import type { ConfigFile } from './schema.ts';

/** A limit, because the manifest of each backup lists every source. */
export const MAX_SOURCES = 5000;
const TURN_OFF = 'Set a category or source of the preset to null to turn it off.';

/**
 * Throws CONFIG_INVALID for a path that cannot be a source, and CONFIG_CONFLICT for two sources that claim the same files.
 * @param preset whether the categories include the preset, so that a part of it can be turned off
 */
export function checkCategories(categories: readonly Category[], file: string, preset = false): void {
  const sources = categories.flatMap((category) => category.sources);
  if (sources.length > MAX_SOURCES) {
    throw new BackupError('CONFIG_INVALID', `${file}: ${sources.length} sources, more than ${MAX_SOURCES}`, {
      hint: 'Use one source with patterns instead of many sources.',
      path: file,
    });
  }
  for (const source of sources) checkPath(source, file);
  const more = preset ? ` ${TURN_OFF}` : '';
  for (const twins of Map.groupBy(sources, (source) => source.path).values())
    for (const [at, source] of twins.entries())
      for (const other of twins.slice(at + 1)) checkTwins(source, other, file, more);
  for (const source of sources) {
    if (source.type === 'files') continue;
    const database = `the ${ENGINE_TITLES[source.type]} database ${source.path} of ${label(source)}`;
    for (const other of sources) if (other !== source) checkReach(source, database, other, file, more);
  }
}

function checkPath(source: Source, file: string): void {
  const problem = source.path === '.' ? null : pathProblem(source.path);
  if (problem !== null) {
    throw new BackupError(
      'CONFIG_INVALID',
      `${file}: ${label(source)} has the path "${shorten(escapeName(source.path))}": ${problem}`,
      {
        hint: 'Give a path that is inside the project and relative to it, with / between its parts.',
        path: file,
      },
    );
  }
  for (const pattern of [...source.include, ...source.exclude]) {
    const wrong = patternProblem(pattern);
    if (wrong === null) continue;
    throw new BackupError(
      'CONFIG_INVALID',
      `${file}: ${label(source)} has the pattern "${shorten(escapeName(pattern))}": ${wrong}`,
      {
        hint: 'Give a glob that is relative to the path of its source, with / between its parts.',
        path: file,
      },
    );
  }
  if (source.type !== 'files' && (source.path === '.' || source.include.length > 0 || source.exclude.length > 0)) {
    throw new BackupError(
      'CONFIG_INVALID',
      `${file}: ${label(source)} is a ${ENGINE_TITLES[source.type]} database: its path must be a ${ENGINE_SHAPES[source.type]} of its own, without patterns`,
      {
        hint: `Give the database's ${ENGINE_SHAPES[source.type]} as path, without include and exclude.`,
        path: file,
      },
    );
  }
}

/**
 * For two sources with one path.
 * @param more what else to do
 */
function checkTwins(a: Source, b: Source, file: string, more: string): void {
  const bothWhole = a.include.length === 0 && b.include.length === 0;
  if (!bothWhole && !a.include.some((pattern) => b.include.includes(pattern))) return;
  throw new BackupError('CONFIG_CONFLICT', `${file}: ${label(a)} and ${label(b)} both take ${a.path}`, {
    hint: `Give each source its own path or patterns, because a file belongs to one source.${more}`,
    path: file,
  });
}

/**
 * For a source that may claim a part of a database.
 * @param database how a message names it
 */
function checkReach({ path }: Source, database: string, other: Source, file: string, more: string): void {
  const reachesIn = other.path !== path && isInside(other.path, path);
  const named = other.include.some((pattern) => isInside(joined(other.path, pattern), path));
  if (!reachesIn && !named) return;
  throw new BackupError('CONFIG_CONFLICT', `${file}: ${label(other)} reaches into ${database}`, {
    hint: `Remove the pattern or source, because a database is one unit.${more}`,
    path: file,
  });
}

/** Checks the settings outside of the sources. Throws CONFIG_INVALID. */
export function checkSettings(
  { secrets = [], ignore = [], backups = '', reconcile = {} }: ConfigFile,
  file: string,
): void {
  const searched = Object.values(reconcile).flatMap((rules) => rules.in ?? []);
  for (const pattern of [...secrets, ...ignore, ...searched]) {
    const problem = globProblem(pattern);
    if (problem !== null)
      throw invalid(
        file,
        `the pattern "${shorten(escapeName(pattern))}": ${problem}`,
        'Give a simpler pattern, or several.',
      );
  }
  // No system call accepts such a path, and many messages contain the path of the repository.
  if (/\p{Cc}/u.test(backups))
    throw invalid(file, 'backups contains a control character', 'Give the path of a folder.');
}

/** Why a glob cannot be used, or null. A pattern that can match nothing would leave files out silently. */
function patternProblem(pattern: string): string | null {
  if (pattern.startsWith('/') || /^[A-Za-z]:/.test(pattern)) return 'it is absolute';
  if (pattern.startsWith('./')) return 'leave "./" out';
  if (pattern.startsWith('!')) return 'it begins with "!": list what to leave out in "exclude"';
  if (pattern.split('/').includes('..')) return 'it leaves its folder by ".."';
  return globProblem(pattern);
}

function label(source: Source): string {
  return `${source.category}/${source.name}`;
}
