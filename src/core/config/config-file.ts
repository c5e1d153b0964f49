import picomatch from 'picomatch';
import type { Category, Source } from '../model/category.ts';
import { isDatabaseFolder } from '../model/engine-name.ts';
import type { Applied } from './preset.ts';

export const CONFIG_FILE = 'migbackup.config.json';

/** The category of the config file, unless one of its own sources contains it. */
const CATEGORY = 'configs';

/**
 * The categories, with the config file itself in one of them even if it does not name itself. Without the config nobody knows what the rest of a
 * backup means.
 */
export function withConfigFile(categories: readonly Category[]): readonly Category[] {
  if (categories.some(({ sources }) => sources.some(takesIt))) return categories;
  const others = categories.find(({ name }) => name === CATEGORY)?.sources ?? [];
  let name = 'migbackup';
  for (let number = 2; others.some((source) => source.name === name); number++) name = `migbackup-${number}`;
  const rules = { include: [], exclude: [], required: false, exclusive: false, external: false };
  const own: Source = { category: CATEGORY, name, path: CONFIG_FILE, type: 'files', ...rules };
  if (others.length === 0)
    return [...categories.filter((one) => one.name !== CATEGORY), { name: CATEGORY, sources: [own] }];
  return categories.map((one) => (one.name === CATEGORY ? { ...one, sources: [...one.sources, own] } : one));
}

function takesIt({ path, type, include, exclude }: Source): boolean {
  if (path === CONFIG_FILE) return true;
  if (path !== '.' || type !== 'files') return false;
  const matches = (patterns: readonly string[]): boolean => picomatch([...patterns], { dot: true })(CONFIG_FILE);
  return (include.length === 0 || matches(include)) && !(exclude.length > 0 && matches(exclude));
}

/** Where editors find the schema once migbackup is a dependency. */
const SCHEMA = './node_modules/migbackup/schemas/config.json';

/** What a new config says, apart from what is so without it. */
export interface NewConfig {
  readonly project: string;
  /** Where presets apply beyond the project itself. */
  readonly applied: Applied;
  readonly added: readonly Category[];
  readonly backups: string;
}

/** The text of a migbackup.config.json; only values that differ from the defaults are written. */
export function renderConfig({ project, applied, added, backups }: NewConfig): string {
  const categories = added.map(({ name, sources }) => [
    name,
    { sources: Object.fromEntries(sources.map((source) => [source.name, renderSource(source)])) },
  ]);
  const config = {
    $schema: SCHEMA,
    project,
    preset: 'default',
    ...(applied.size === 0 ? {} : { presets: Object.fromEntries(applied) }),
    backups,
    ...(added.length === 0 ? {} : { categories: Object.fromEntries(categories) }),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function renderSource(source: Source): Record<string, unknown> {
  return {
    path: source.path,
    ...(source.type === 'files' ? {} : { type: source.type }),
    ...(source.include.length > 0 ? { include: source.include } : {}),
    ...(source.exclude.length > 0 ? { exclude: source.exclude } : {}),
    ...(source.required ? { required: true } : {}),
    ...(source.exclusive && !isDatabaseFolder(source.type) ? { exclusive: true } : {}),
    ...(source.external ? { external: true } : {}),
  };
}
