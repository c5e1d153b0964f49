import type { Source } from '../model/category.ts';
import { addCounts, count, countsOf, noCounts, type Counts } from '../model/counts.ts';
import type { Entry } from '../model/entry.ts';
import type { ManifestDatabase } from '../model/database.ts';
import type { ManifestCategory } from '../model/manifest.ts';

type StatedSource = Pick<Source, 'name' | 'path' | 'type' | 'exclusive' | 'external'>;
type SourceFacts = Pick<ManifestCategory, 'sources'>['sources'];

/** Counts what has been stored of a category, in total and by source. */
export class CategoryTally {
  readonly counts = noCounts();
  readonly #sources = new Map<string, Counts>();
  readonly #databases: [source: string, facts: ManifestDatabase][] = [];

  add(entry: Entry): void {
    count(this.counts, entry);
    count(countsOf(this.#sources, entry.source), entry);
  }

  /** @returns the counts of all that was added */
  addBatch(bySource: ReadonlyMap<string, Counts>): Counts {
    const all = noCounts();
    for (const [name, counts] of bySource) {
      addCounts(all, counts);
      addCounts(countsOf(this.#sources, name), counts);
    }
    addCounts(this.counts, all);
    return all;
  }

  addDatabase(source: string, facts: ManifestDatabase): void {
    this.#databases.push([source, facts]);
  }

  /** Each source of the category, as the manifest has it. */
  sources(category: { readonly sources: readonly StatedSource[] }): SourceFacts {
    return category.sources.map(({ name, path, type, exclusive, external }) => {
      const { files, bytes } = countsOf(this.#sources, name);
      const databases = this.#databases.flatMap(([source, facts]) => (source === name ? [facts] : []));
      return { name, path, type, exclusive, external, files, bytes, ...(databases.length > 0 && { databases }) };
    });
  }
}
