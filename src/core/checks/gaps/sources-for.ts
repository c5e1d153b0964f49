import type { Config, Source } from '../../model/category.ts';
import { isDatabaseFolder } from '../../model/engine-name.ts';
import type { StateRoot } from './state-roots.ts';

/** What a source for something needs to be told. */
export type Wanted = Pick<StateRoot, 'path' | 'category' | 'type' | 'external' | 'include'>;

const MAX_NAME = 63;

/** One source for each root, with names that no source of the config has yet. */
export function sourcesFor(roots: readonly Wanted[], { categories }: Pick<Config, 'categories'>): Source[] {
  const taken = new Set(categories.flatMap(({ name, sources }) => sources.map((source) => `${name}/${source.name}`)));
  return roots.map(({ path, category, type, external, include }) => {
    const base = nameOf(path);
    let name = base;
    for (let number = 2; taken.has(`${category}/${name}`); number++) name = `${base.slice(0, MAX_NAME - 6)}-${number}`;
    taken.add(`${category}/${name}`);
    const exclusive = isDatabaseFolder(type);
    return { category, name, path, type, include: [...include], exclude: [], required: false, exclusive, external };
  });
}

/** `data/kv` -> `data-kv` */
function nameOf(path: string): string {
  const words = path.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return words.slice(-MAX_NAME).replaceAll(/^-+|-+$/g, '') || 'files';
}

/** A source as a config states it. */
export function renderSource({ path, type, include, external }: Source): Record<string, unknown> {
  return {
    path,
    ...(type === 'files' ? {} : { type }),
    ...(include.length > 0 ? { include } : {}),
    ...(external ? { external } : {}),
  };
}

/** As the value of "categories". */
export function renderCategories(sources: readonly Source[]): Record<string, { sources: Record<string, unknown> }> {
  const byCategory = Map.groupBy(sources, ({ category }) => category);
  return Object.fromEntries(
    [...byCategory].map(([category, group]) => [
      category,
      { sources: Object.fromEntries(group.map((source) => [source.name, renderSource(source)])) },
    ]),
  );
}

/** The lines of a config that cover these sources, and the place where they are to be pasted. */
export function linesFor(sources: readonly Source[], { written }: Pick<Config, 'written'>): string[] {
  if (written.length === 0) return [`"categories": ${JSON.stringify(renderCategories(sources))}`];
  const known = new Set(written.map(({ category }) => category));
  return Object.entries(renderCategories(sources)).map(([category, { sources: of }]) => {
    const text = JSON.stringify(known.has(category) ? of : { [category]: { sources: of } }).slice(1, -1);
    return known.has(category) ? `in "sources" of "${category}": ${text}` : `in "categories": ${text}`;
  });
}
