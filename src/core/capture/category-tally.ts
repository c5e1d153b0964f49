import type { Category } from '../model/category.ts';
import type { Entry } from '../model/entry.ts';
import type { ManifestDatabase } from '../model/database.ts';
import type { ManifestCategory } from '../model/manifest.ts';
import type { Tally } from './pack-batch.ts';

interface SourceTally {
  files: number;
  bytes: number;
  readonly databases: ManifestDatabase[];
}

type SourceFacts = Pick<ManifestCategory, 'sources'>['sources'];

/** What has been stored of a category, counted as a whole and by source. */
export class CategoryTally {
  readonly counts = { files: 0, directories: 0, symlinks: 0, bytes: 0 };
  readonly #sources = new Map<string, SourceTally>();

  get entries(): number {
    return this.counts.files + this.counts.directories + this.counts.symlinks;
  }

  add(entry: Entry): void {
    if (entry.type === 'dir') this.counts.directories++;
    else if (entry.type === 'symlink') this.counts.symlinks++;
    else {
      this.counts.files++;
      this.counts.bytes += entry.size;
      const source = this.#source(entry.source);
      source.files++;
      source.bytes += entry.size;
    }
  }

  addBatch(tallies: ReadonlyMap<string, Tally>): void {
    for (const [name, tally] of tallies) {
      const source = this.#source(name);
      source.files += tally.files;
      source.bytes += tally.bytes;
      for (const figure of ['files', 'bytes', 'directories', 'symlinks'] as const) this.counts[figure] += tally[figure];
    }
  }

  addDatabase(source: string, facts: ManifestDatabase): void {
    this.#source(source).databases.push(facts);
  }

  /** Each source of the category, as the manifest has it. */
  sources(category: Category): SourceFacts {
    return category.sources.map((source) => {
      const { files, bytes, databases } = this.#source(source.name);
      const { name, path, type, exclusive, external } = source;
      const found = databases.length === 0 ? {} : { databases };
      return { name, path, type, exclusive, external, files, bytes, ...found };
    });
  }

  #source(name: string): SourceTally {
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const fresh = { files: 0, bytes: 0, databases: [] };
    this.#sources.set(name, fresh);
    return fresh;
  }
}
