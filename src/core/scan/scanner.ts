/*
 * Room "scan": what is on disk now. It walks the sources of a category in the one order of paths, reading names and stats, and reads files so that
 * what was read is what stood there at one moment. It writes nothing.
 */
import type { Category, Project } from '../model/category.ts';
import { comparePaths } from '../model/entry.ts';
import type { ScanItem } from './scan-item.ts';
import type { ScanOptions } from './scan-item.ts';
import { SourceWalk } from './source-walk.ts';

/** Everything that one category stores, in `comparePaths` order; its sources are merged. One folder's names are in memory at a time. */
export function* scanCategory(project: Project, category: Category, options: ScanOptions): Generator<ScanItem> {
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
