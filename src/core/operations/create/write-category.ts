import path from 'node:path';
import { ArchiveWriter } from '../../archive/archive-writer.ts';
import { checkJson } from '../../checks/json-parse.ts';
import { Pacer } from '../../fs/pacer.ts';
import { toNative } from '../../fs/paths.ts';
import { throwIfInterrupted } from '../../model/backup-error.ts';
import type { Category } from '../../model/category.ts';
import type { Entry, ScannedEntry } from '../../model/entry.ts';
import type { Archive, LeveldbFacts, ManifestCategory } from '../../model/manifest.ts';
import { readFileInto, type Inspect } from '../../sources/file-reader.ts';
import { takenSecrets } from '../../sources/left-out.ts';
import type { ScanItem, StoreItem } from '../../sources/scan-item.ts';
import { secretTaken, toFinding } from '../../sources/scan-messages.ts';
import { archiveFile } from '../../store/layout.ts';
import type { BackupJob } from './job.ts';
import { captureInto, type CapturedStore } from './capture-into.ts';
import { entriesOf, type EntryBatch } from './entry-batch.ts';
import type { PackedBatch } from './pack-batch.ts';
import { proveStore } from './prove-store.ts';
import type { TapePart } from './scan-tape.ts';

const READ_ERRORS = { changed: 'SOURCE_CHANGED', vanished: 'SOURCE_CHANGED', unreadable: 'SOURCE_UNREADABLE' } as const;

/** Writes one category's archive, its index lines and its sums lines; resolves with what the manifest says of it. */
export async function writeCategory(
  job: BackupJob,
  category: Category,
  found: Iterable<TapePart>,
  present: boolean,
): Promise<ManifestCategory> {
  const writer = new CategoryWriter(job, category);
  try {
    return await writer.run(found, present);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

type BatchPart = Extract<TapePart, { readonly kind: 'batch' }>;

/** A batch that is being packed, for where it should stand in the tar. */
interface UnderWay {
  readonly batch: EntryBatch;
  readonly offset: number;
  readonly packed: Promise<PackedBatch | null>;
}

export class CategoryWriter {
  readonly job: BackupJob;
  readonly #category: Category;
  readonly #file: string;
  readonly #pacer = new Pacer();
  readonly #counts = { files: 0, directories: 0, symlinks: 0, bytes: 0 };
  readonly #sources = new Map<string, { files: number; bytes: number; stores: LeveldbFacts[] }>();
  readonly #captured: CapturedStore[] = [];
  readonly #isSecret: (path: string) => boolean;
  readonly #underWay: UnderWay[] = [];
  #archive: ArchiveWriter | undefined;

  constructor(job: BackupJob, category: Category) {
    this.job = job;
    this.#category = category;
    this.#file = archiveFile(category.name, job.config.compression);
    this.#isSecret = takenSecrets(job.config);
  }

  /** Made when the first member comes: most categories of a preset have none. */
  get archive(): ArchiveWriter {
    this.#archive ??= new ArchiveWriter(path.join(this.job.folder, this.#file), this.job.config);
    return this.#archive;
  }

  async run(found: Iterable<TapePart>, present: boolean): Promise<ManifestCategory> {
    const { job } = this;
    for (const part of found) {
      if (part.kind === 'batch') {
        this.#pack(part);
        await this.#settle(job.packers.ahead);
      } else {
        await this.#settle(0);
        await this.#item(part.item);
      }
    }
    await this.#settle(0);
    const archive = await this.#finish();
    for (const store of this.#captured) {
      if (archive !== null) this.#source(store.source).stores.push(await proveStore(job, store, archive));
    }
    const entries = this.#counts.files + this.#counts.directories + this.#counts.symlinks;
    return {
      ...(entries === 0 || archive === null ? {} : { archive }),
      status: this.#status(present),
      ...this.#counts,
      sources: this.#category.sources.map((source) => {
        const { files, bytes, stores } = this.#source(source.name);
        const { name, path: sourcePath, type, exclusive, external } = source;
        return {
          name,
          path: sourcePath,
          type,
          exclusive,
          external,
          files,
          bytes,
          ...(stores.length === 0 ? {} : { leveldb: stores }),
        };
      }),
    };
  }

  abort(): void {
    this.#archive?.abort();
  }

  async #finish(): Promise<Archive | null> {
    if (this.#archive === undefined) return null;
    const { size, sha256, tarSize, frames } = await this.#archive.finish();
    return { file: this.#file, size, sha256, tarSize, frames, compression: this.job.config.compression };
  }

  /** Index, sums and counts for a member that has been written. */
  note(entry: Entry): void {
    this.job.index.add(entry);
    if (entry.type === 'dir') this.#counts.directories++;
    else if (entry.type === 'symlink') this.#counts.symlinks++;
    else {
      this.job.sums.add(entry.sha256 ?? '', entry.path);
      if (this.#isSecret(entry.path))
        this.job.onFinding(toFinding(secretTaken(entry.path), entry.path, entry.category, entry.source));
      this.#counts.files++;
      this.#counts.bytes += entry.size;
      const source = this.#source(entry.source);
      source.files++;
      source.bytes += entry.size;
      this.job.progress.files++;
      this.job.progress.bytes += entry.size;
    }
  }

  /** Stores one ordinary entry. */
  async entry(entry: ScannedEntry): Promise<void> {
    if (entry.type !== 'file') {
      const offset = this.archive.begin(entry);
      this.archive.end();
      this.note({ ...entry, offset });
      return;
    }
    const outcome = await readFileInto(this.#native(entry), entry, this.archive, this.#inspector(entry));
    if (outcome.status === 'ok') {
      this.note({ ...outcome.entry, sha256: outcome.sha256, offset: outcome.offset });
      return;
    }
    this.job.problems.add({
      code: READ_ERRORS[outcome.status],
      path: entry.path,
      message: outcome.message,
      hint:
        outcome.status === 'unreadable'
          ? 'Run as a user who may read it, or change its permissions.'
          : 'Stop what is writing there, then try again.',
      category: entry.category,
      source: entry.source,
      cause: outcome.cause,
    });
    this.job.problems.throwIfAny();
  }

  /** Hands a batch to a packer, saying where it will stand if everything before it turns out as it was seen. */
  #pack({ batch, early }: BatchPart): void {
    const last = this.#underWay.at(-1);
    const offset = last === undefined ? this.archive.position : last.offset + last.batch.tarBytes;
    const packed = early?.offset === offset ? early.packed : this.job.packers.pack({ batch, offset });
    // It is awaited in its turn; an error before that is not unheard.
    packed.catch(() => {});
    this.#underWay.push({ batch, offset, packed });
  }

  /** Stores what has been packed, in order, until no more than `most` batches are under way. */
  async #settle(most: number): Promise<void> {
    while (this.#underWay.length > most) {
      const first = this.#underWay.shift();
      if (first === undefined) return;
      const packed = await first.packed;
      if (packed !== null && first.offset === this.archive.position) this.#store(packed);
      // Something in it, or the size of something before it, is not what the scan saw.
      else for (const item of entriesOf(first.batch)) await this.#item(item);
      if (packed !== null) this.job.packers.release(packed);
      await this.#keepPace();
    }
  }

  #store({ tar, index, sums, entries, files, tallies, findings }: PackedBatch): void {
    const { job } = this;
    this.archive.members(tar);
    job.index.addLines(index, entries);
    job.sums.addLines(sums, files);
    for (const [name, tally] of tallies) {
      const source = this.#source(name);
      source.files += tally.files;
      source.bytes += tally.bytes;
      for (const figure of ['files', 'bytes', 'directories', 'symlinks'] as const)
        this.#counts[figure] += tally[figure];
      job.progress.files += tally.files;
      job.progress.bytes += tally.bytes;
    }
    for (const finding of findings) job.onFinding(finding);
  }

  async #item(item: ScanItem): Promise<void> {
    if (item.kind === 'store') await this.#capture(item);
    else await this.entry(item.entry);
    await this.#keepPace();
  }

  async #keepPace(): Promise<void> {
    if (this.#archive?.pressed === true) await this.#archive.drain();
    if (this.job.index.pressed) await this.job.index.drain();
    if (this.#pacer.due()) await this.#breathe();
  }

  #native(entry: ScannedEntry): string {
    return toNative(this.job.project.root, entry.path);
  }

  #inspector(entry: ScannedEntry): Inspect | undefined {
    return entry.path.endsWith('.json') ? (content) => checkJson(entry, content, this.job.onFinding) : undefined;
  }

  async #capture(item: StoreItem): Promise<void> {
    this.#captured.push(await captureInto(this, item));
  }

  #status(present: boolean): ManifestCategory['status'] {
    if (this.job.problems.isPartial(this.#category.name)) return 'partial';
    if (this.#counts.files + this.#counts.symlinks > 0) return 'complete';
    return present || this.#counts.directories > 0 ? 'empty' : 'absent';
  }

  #source(name: string): { files: number; bytes: number; stores: LeveldbFacts[] } {
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const fresh = { files: 0, bytes: 0, stores: [] };
    this.#sources.set(name, fresh);
    return fresh;
  }

  async #breathe(): Promise<void> {
    throwIfInterrupted(this.job.context.signal);
    this.job.context.onEvent?.({ type: 'progress', ...this.job.progress });
    await this.#pacer.turn();
  }
}
