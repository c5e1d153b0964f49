import path from 'node:path';
import { parse } from 'jsonc-parser';
import { renderSource, sourcesFor, type Wanted } from '../../checks/gaps/sources-for.ts';
import { lookAtCoverage } from '../../checks/coverage.ts';
import { CONFIG_FILE } from '../../config/config-file.ts';
import { checkCategories } from '../../config/conflicts.ts';
import { addProperty } from '../../config/setup/add-property.ts';
import { recogniseFile, recogniseFolder } from '../../databases/engines.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Category, Project, Source } from '../../model/category.ts';
import { escapeName } from '../../paths/names.ts';
import { forbiddenPart, isInside, pathProblem, toNative } from '../../paths/paths.ts';
import { Ownership } from '../../scan/ownership.ts';

/** A config's text with sources for what it did not cover. */
export interface Addition {
  readonly text: string;
  readonly sources: readonly Source[];
  /** All categories, with these sources. */
  readonly categories: readonly Category[];
}

/**
 * Adds a source for each path that no category holds yet; every other byte of the config stays. A path that coverage names gets the source that its
 * finding proposes, and any other one a source for all of it. Throws USAGE for a path that cannot be one, CONFIG_CONFLICT.
 * @param words relative to the project or to `cwd`, or absolute
 * @param text the config as it is, or as init writes it
 */
export async function addPaths(
  project: Project,
  words: readonly string[],
  { text, cwd }: { readonly text: string; readonly cwd: string },
  signal?: AbortSignal,
): Promise<Addition> {
  const { categories } = project.config;
  const ownership = new Ownership(categories);
  const { gaps } = await lookAtCoverage(project, ownership, signal, async () => undefined);
  const roots = gaps.map(({ root }) => root);
  const paths = [...new Set(words.map((word) => placeOf(project, word, cwd)))];
  const wanted = paths.flatMap((place): Wanted[] => {
    const named = roots.find((root) => root.path === place);
    if (named !== undefined) return [named];
    if (place === '.') throw unusable('.', 'it is the project itself');
    if (isCovered(project.root, place, ownership)) return [];
    const around = roots.find((root) => isInside(place, root.path));
    return [wholeOf(project.root, place, around)];
  });
  const settings: unknown = parse(text.replace(/^\uFEFF/, ''), [], { allowTrailingComma: true });
  const open = wanted.map((one) => ({ ...one, category: isOff(settings, one.category) ? 'state' : one.category }));
  const sources = sourcesFor(open, project.config);
  const extended = withSources(categories, sources);
  checkCategories(extended, CONFIG_FILE, true);
  return { text: edited(text, settings, sources), sources, categories: extended };
}

/** What an added source is called in the report. */
export function sayAdded({ category, name, path: place, include }: Source): string {
  const only = include.length === 0 ? '' : ` (${include.map(escapeName).join(', ')})`;
  return `${category}/${name}: ${escapeName(place)}${only}`;
}

/** The path in the project that a word means. */
function placeOf({ root, repository }: Project, word: string, cwd: string): string {
  const readings = path.isAbsolute(word) ? [word] : [path.join(root, word), path.resolve(cwd, word)];
  const native = readings.find((each) => lstatOrNull(each) !== null);
  if (native === undefined) throw unusable(word, 'there is nothing at that path');
  const place = path.relative(root, native).split(path.sep).join('/');
  // Coverage names the project itself where a database lies right in its folder.
  if (place === '') return '.';
  if (place.startsWith('../') || place === '..' || path.isAbsolute(place))
    throw unusable(word, 'it is outside of the project');
  const why = pathProblem(place) ?? (forbiddenPart(place) === null ? null : 'no backup takes what is in there');
  if (why !== null) throw unusable(word, why);
  if (isInside(native, repository)) throw unusable(word, 'backups are kept there');
  return place;
}

function unusable(word: string, why: string): BackupError {
  return new BackupError('USAGE', `--add ${escapeName(word)}: ${why}`, {
    hint: 'Give the path of a file or folder of the project, as validate names it.',
  });
}

function isCovered(root: string, place: string, ownership: Ownership): boolean {
  if (lstatOrNull(toNative(root, place))?.isDirectory() === true) return ownership.takesAllIn(place);
  return ownership.ownerOf(place) !== undefined;
}

/** A source for all that is at a path. @param around what coverage found around it */
function wholeOf(root: string, place: string, around: Wanted | undefined): Wanted {
  const native = toNative(root, place);
  const stat = lstatOrNull(native);
  const engine =
    stat?.isDirectory() === true ? recogniseFolder(native) : recogniseFile(native, Number(stat?.size ?? 0));
  const { category = engine === null ? 'state' : 'databases', external = false } = around ?? {};
  return { path: place, category, type: engine?.name ?? 'files', external, include: [] };
}

function isOff(settings: unknown, category: string): boolean {
  return typeof settings === 'object' && settings !== null && own(own(settings, 'categories'), category) === null;
}

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

function withSources(categories: readonly Category[], sources: readonly Source[]): Category[] {
  const names = new Set([...categories.map(({ name }) => name), ...sources.map(({ category }) => category)]);
  return [...names].map((name) => ({
    name,
    sources: [
      ...(categories.find((category) => category.name === name)?.sources ?? []),
      ...sources.filter(({ category }) => category === name),
    ],
  }));
}

function edited(text: string, settings: unknown, sources: readonly Source[]): string {
  if (sources.length === 0) return text;
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  // Categories alone would turn off the preset that a config without both extends.
  const isBare = own(settings, 'preset') === undefined && own(settings, 'categories') === undefined;
  const start = isBare ? addProperty(text.slice(bom.length), ['preset'], 'default') : text.slice(bom.length);
  return (
    bom +
    sources.reduce(
      (all, source) => addProperty(all, ['categories', source.category, 'sources', source.name], renderSource(source)),
      start,
    )
  );
}
