import type { Category, Source } from '../model/category.ts';

/** Where editors find the schema once migbackup is a dependency. */
const SCHEMA = './node_modules/migbackup/schemas/config.json';

/** The text of a migbackup.config.json with this id and these categories; only what differs from the defaults is spelled out. */
export function renderConfig(project: string, categories: readonly Category[]): string {
  const config = {
    $schema: SCHEMA,
    project,
    backups: 'backups',
    categories: Object.fromEntries(
      categories.map(({ name, sources }) => [
        name,
        { sources: Object.fromEntries(sources.map((source) => [source.name, renderSource(source)])) },
      ]),
    ),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function renderSource(source: Source): Record<string, unknown> {
  return {
    path: source.path,
    ...(source.type === 'leveldb' ? { type: 'leveldb' } : {}),
    ...(source.include.length > 0 ? { include: source.include } : {}),
    ...(source.exclude.length > 0 ? { exclude: source.exclude } : {}),
    ...(source.required ? { required: true } : {}),
    ...(source.exclusive && source.type !== 'leveldb' ? { exclusive: true } : {}),
    ...(source.external ? { external: true } : {}),
  };
}
