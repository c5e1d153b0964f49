import type { Category, Config, Project, Source } from '../../src/core/model/category.ts';

/** A source with everything defaulted. */
export function makeSource(source: Partial<Source> & { path: string }): Source {
  return {
    category: 'test',
    name: 'main',
    type: 'files',
    include: [],
    exclude: [],
    required: false,
    exclusive: source.type === 'leveldb',
    external: false,
    ...source,
  };
}

/** Categories by name, each with sources named after their position. */
export function makeCategories(
  categories: Record<string, readonly (Partial<Source> & { path: string })[]>,
): Category[] {
  return Object.entries(categories).map(([name, sources]) => ({
    name,
    sources: sources.map((source, at) => makeSource({ category: name, name: `s${at}`, ...source })),
  }));
}

/** A project with these categories and no other settings. */
export function makeProject(root: string, categories: readonly Category[], config: Partial<Config> = {}): Project {
  return {
    root,
    repository: `${root}/backups`,
    config: {
      file: undefined,
      categories,
      written: [],
      compression: 'zstd',
      level: 1,
      includeSecrets: false,
      secrets: [],
      ignore: [],
      ...config,
    },
  };
}
