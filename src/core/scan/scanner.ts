/*
 * Room "scan": what is on disk now. It walks the sources of a category in the one order of paths and reads names and stats. It reads files so that
 * what was read is what was there at one moment. It writes nothing.
 */
import type { Category, Project } from '../model/category.ts';
import { namesIn } from '../fs/names-in.ts';
import { comparePaths } from '../model/entry.ts';
import type { DatabaseItem, ScanItem, ScanOptions } from './scan-item.ts';
import { SourceWalk } from './source-walk.ts';
import { mayHold, selectByName } from './terms.ts';

/** Everything that one category stores, with its sources merged, in `comparePaths` order. Only the names of folders that are being walked are in memory. */
export function* scanCategory(project: Project, category: Category, options: ScanOptions): Generator<ScanItem> {
  const { only = [] } = project.config;
  yield* only.length === 0 ? merged(project, category, options) : narrowed(project, category, options, only);
}

/** What `only` selects of a category. A problem of a folder counts if something in the folder may be selected. */
function* narrowed(
  project: Project,
  category: Category,
  options: ScanOptions,
  only: readonly string[],
): Generator<ScanItem> {
  const { categories } = project.config;
  const takes = selectByName(only, categories);
  const holds = mayHold(only, categories);
  const links = new Set<string>();
  const databases = new Set<string>();
  const told: ScanOptions = {
    ...options,
    onProblem: (problem) => holds(problem) && options.onProblem(problem),
    // Stays undefined if nobody listens, because then the walk does not look for what is costly to find.
    onFinding:
      options.onFinding &&
      ((finding) => {
        const { path = '', source = '' } = finding;
        if (holds({ category: category.name, source, path })) options.onFinding?.(finding);
      }),
    onHardLink: (path) => links.add(path),
  };
  for (const item of merged(project, category, told)) {
    if (item.kind === 'part') {
      if (databases.has(item.database)) yield item;
      continue;
    }
    const source = item.kind === 'entry' ? item.entry.source : item.source.name;
    const paths = item.kind === 'database' ? pathsOf(item) : [item.path];
    if (!paths.some((path) => takes({ category: category.name, source, path }))) continue;
    if (item.kind === 'database') databases.add(item.path);
    if (links.has(item.path)) options.onHardLink?.(item.path);
    yield item;
  }
}

/** The paths of a database that select all of it: a part of a folder is worth nothing without the rest. */
function pathsOf({ path, place, engine, others }: DatabaseItem): string[] {
  if (engine.shape === 'file') return [path];
  const parts = namesIn(place).filter((name) => !engine.isVolatile(name));
  return [path, ...others.map((other) => other.path), ...parts.map((part) => engine.pathOf(path, part))];
}

function* merged(project: Project, category: Category, options: ScanOptions): Generator<ScanItem> {
  const walks = category.sources.map((source) => new SourceWalk(project, source, options).run());
  const heads = walks.map((walk) => walk.next());
  for (;;) {
    let first = -1;
    for (const [at, head] of heads.entries()) {
      if (head.done) continue;
      const lead = first < 0 ? undefined : heads[first];
      if (lead === undefined || lead.done || comparePaths(head.value.path, lead.value.path) < 0) first = at;
    }
    const head = heads[first];
    const walk = walks[first];
    if (head === undefined || walk === undefined || head.done) return;
    yield head.value;
    heads[first] = walk.next();
  }
}
