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
  /** The categories that hold something of the part, in the order of the whole backup. */
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
  /** By category, in the order of the whole backup. */
  readonly #parts = new Map<string, CategoryPart>();
  #open: CategoryPart | undefined;
  /** Where the current member begins in its archive. */
  #offset = 0;
  /** True if a member was not what the index says: then the export fails, and nothing more is written. */
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

  /** @param hasDatabase whether the database at a path of the whole backup is in the part */
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

  /** Releases everything. After `finish` there is nothing left to release. */
  async abort(): Promise<void> {
    for (const { archive, facts } of this.#parts.values()) {
      await Promise.allSettled([facts]);
      await archive.abort();
    }
    await this.#index.abort();
    this.#sums.abort();
  }

  /** Members come category by category, so a category that is closed gets no more of them. */
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

/** A caller gets the error when it awaits the facts. Without `catch`, an error before that would count as unhandled. */
function seal(part: CategoryPart): Promise<ArchiveFacts> {
  part.facts ??= part.archive.finish();
  part.facts.catch(() => {});
  return part.facts;
}
