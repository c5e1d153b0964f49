import path from 'node:path';
import { CategoryTally } from '../../capture/category-tally.ts';
import { ArchiveWriter, type ArchiveFacts } from '../../format/archive-writer.ts';
import { IndexWriter, type WrittenIndex } from '../../format/index-file.ts';
import { archiveFile, INDEX_FILE, SUMS_FILE } from '../../format/layout.ts';
import type { MemberSink } from '../../format/member-sink.ts';
import { SumsWriter, type WrittenSums } from '../../format/sums.ts';
import type { Entry } from '../../model/entry.ts';
import type { Manifest, ManifestCategory } from '../../model/manifest.ts';

export interface WrittenPart {
  /** Those that hold something of the part, in the order of the whole. */
  readonly categories: ReadonlyMap<string, ManifestCategory>;
  readonly index: WrittenIndex;
  readonly sums: WrittenSums;
}

interface CategoryPart {
  readonly file: string;
  readonly archive: ArchiveWriter;
  readonly tally: CategoryTally;
  /** Set once its last member is written. */
  facts?: Promise<ArchiveFacts>;
}

/** Writes the members that it is given into archives of their own, with index and sums: `finish` at the end; `abort` in any case. */
export class PartWriter implements MemberSink {
  readonly #folder: string;
  readonly #manifest: Manifest;
  readonly #index: IndexWriter;
  readonly #sums: SumsWriter;
  /** By category, in the order of the whole. */
  readonly #parts = new Map<string, CategoryPart>();
  #open: CategoryPart | undefined;
  /** Where the member at hand begins in its archive. */
  #offset = 0;
  /** A member was not what the index says: then the export fails, and nothing more is written. */
  #isSpoilt = false;

  constructor(folder: string, manifest: Manifest) {
    this.#folder = folder;
    this.#manifest = manifest;
    this.#index = new IndexWriter(path.join(folder, INDEX_FILE));
    this.#sums = new SumsWriter(path.join(folder, SUMS_FILE));
  }

  begin(entry: Entry): void {
    if (this.#isSpoilt) return;
    this.#offset = this.#partOf(entry.category).archive.begin(entry);
  }

  data(chunk: Buffer): void | Promise<void> {
    const archive = this.#open?.archive;
    if (!this.#isSpoilt) archive?.write(chunk);
    return archive?.needsDrain === true ? archive.drain() : undefined;
  }

  async end(entry: Entry, good: boolean): Promise<void> {
    if (!good) this.#isSpoilt = true;
    const open = this.#open;
    if (this.#isSpoilt || open === undefined) return;
    open.archive.end();
    open.tally.add(entry);
    this.#index.add({ ...entry, offset: this.#offset });
    if (entry.type === 'file') this.#sums.add(entry.sha256 ?? '', entry.path);
    if (open.archive.needsDrain) await open.archive.drain();
    if (this.#index.needsDrain) await this.#index.drain();
  }

  /** @param hasDatabase whether a database of the whole, by its path, is in the part */
  async finish(hasDatabase: (path: string) => boolean): Promise<WrittenPart> {
    const { compression } = this.#manifest.config;
    const categories = new Map<string, ManifestCategory>();
    for (const [name, part] of this.#parts) {
      const archive = { file: part.file, ...(await seal(part)), compression };
      const { sources } = this.#manifest.categories[name] ?? { sources: [] };
      for (const { name: source, databases = [] } of sources)
        for (const database of databases) if (hasDatabase(database.path)) part.tally.addDatabase(source, database);
      const { counts } = part.tally;
      const status = counts.files + counts.symlinks > 0 ? 'complete' : 'empty';
      categories.set(name, { archive, status, ...counts, sources: part.tally.sources({ sources }) });
    }
    return { categories, index: await this.#index.finish(), sums: await this.#sums.finish() };
  }

  /** Lets go of everything. After `finish` there is nothing to do. */
  async abort(): Promise<void> {
    for (const { archive, facts } of this.#parts.values()) {
      await Promise.allSettled([facts]);
      await archive.abort();
    }
    await this.#index.abort();
    this.#sums.abort();
  }

  /** Members come category by category: one that is not open any more gets no more of them. */
  #partOf(category: string): CategoryPart {
    const known = this.#parts.get(category);
    if (known !== undefined) return known;
    if (this.#open !== undefined) void seal(this.#open);
    const { compression, level } = this.#manifest.config;
    const file = archiveFile(category, compression);
    const archive = new ArchiveWriter(path.join(this.#folder, file), { compression, level });
    this.#open = { file, archive, tally: new CategoryTally() };
    this.#parts.set(category, this.#open);
    return this.#open;
  }
}

/** Its error is thrown to whoever awaits it last. */
function seal(part: CategoryPart): Promise<ArchiveFacts> {
  part.facts ??= part.archive.finish();
  part.facts.catch(() => {});
  return part.facts;
}
