import { isDatabaseFolder } from '../model/engine-name.ts';
import type { Category, Source } from '../model/category.ts';

/** Where editors find the schema once migbackup is a dependency. */
const SCHEMA = './node_modules/migbackup/schemas/config.json';

/** The text of a migbackup.config.json with this id that adds these categories to the preset; only values that differ from the defaults are written. */
export function renderConfig(project: string, added: readonly Category[], backups = 'backups'): string {
  const categories = added.map(({ name, sources }) => [
    name,
    { sources: Object.fromEntries(sources.map((source) => [source.name, renderSource(source)])) },
  ]);
  const config = {
    $schema: SCHEMA,
    project,
    preset: 'default',
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
