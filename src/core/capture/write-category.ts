import path from 'node:path';
import { ArchiveWriter } from '../format/archive-writer.ts';
import { checkJson } from '../checks/json-parse.ts';
import { showsMappedWrites } from '../fs/mapped-files.ts';
import { Pacer } from '../concurrency/pacer.ts';
import { hasRealParents, toNative } from '../paths/paths.ts';
import { throwIfInterrupted } from '../model/backup-error.ts';
import type { Category } from '../model/category.ts';
import { entriesIn } from '../model/counts.ts';
import { type Entry, modeWithoutMask, type ScannedEntry } from '../model/entry.ts';
import type { Archive, ManifestCategory } from '../model/manifest.ts';
import { type Inspect, readFileInto } from '../scan/file-reader.ts';
import { takenSecrets } from '../scan/left-out.ts';
import type { DatabaseItem, PartItem, ScanItem } from '../scan/scan-item.ts';
import { fileNotProven, secretTaken, toFinding } from '../scan/scan-messages.ts';
import { archiveFile } from '../format/layout.ts';
import type { BackupJob } from './job.ts';
import { captureInto, type OpenCapture } from './capture-into.ts';
import type { CapturedDatabase } from './captured-database.ts';
import { BatchQueue } from './batch-queue.ts';
import { CategoryTally } from './category-tally.ts';
import { entriesOf, type EntryBatch } from './entry-batch.ts';
import type { PackedBatch } from './pack-batch.ts';
import type { PlannedPart } from './batch-planner.ts';
import { MemberFiles } from '../format/member-files.ts';
import { archivedFiles } from '../databases/archived-files.ts';
import type { ManifestDatabase } from '../model/database.ts';
import { aboutDatabase } from './database-error.ts';

const READ_ERRORS = { changed: 'SOURCE_CHANGED', vanished: 'SOURCE_CHANGED', unreadable: 'SOURCE_UNREADABLE' } as const;

/** If the databases of a category are larger than this, nothing else is stored while they are proven, because both need memory. */
const PROVEN_BESIDE_BYTES = 16 << 20;

/** Writes the archive of one category, and its lines of index and sums. Call `store` once, then `seal`; call `abort` if anything goes wrong. */
export class CategoryWriter {
  readonly job: BackupJob;
  readonly #category: Category;
  readonly #file: string;
  readonly #pacer = new Pacer();
  readonly #tally = new CategoryTally();
  readonly #captured: CapturedDatabase[] = [];
  /** The captures with parts that are still to be written, by path of the database. */
  readonly #open = new Map<string, OpenCapture>();
  readonly #isSecret: (path: string) => boolean;
  readonly #batches: BatchQueue;
  #archive: ArchiveWriter | undefined;

  constructor(job: BackupJob, category: Category) {
    this.job = job;
    this.#category = category;
    this.#file = archiveFile(category.name, job.config.compression);
    this.#isSecret = takenSecrets(job.config);
    this.#batches = new BatchQueue(job.packThreads);
  }

  /** It is made when the first member comes, because most categories of a preset have none. */
  get archive(): ArchiveWriter {
    this.#archive ??= new ArchiveWriter(path.join(this.job.folder, this.#file), this.job.config);
    return this.#archive;
  }

  /** Stores what the scan found, in its order. */
  async store(found: Iterable<PlannedPart>): Promise<void> {
    for (const part of found) {
      if (part.kind === 'batch') {
        this.#batches.add(part, this.archive.position);
        await this.#settle(this.job.packThreads.ahead);
      } else {
        await this.#settle(0);
        await this.#item(part.item);
      }
    }
    await this.#settle(0);
  }

  /** True if it should be sealed before anything else is stored. */
  get needsMemory(): boolean {
    const bytes = this.#captured.flatMap(({ members }) => members).reduce((sum, { size }) => sum + size, 0);
    return bytes > PROVEN_BESIDE_BYTES;
  }

  /** Makes the archive durable, and proves the databases in it. Resolves with what the manifest says about the category. */
  async seal(present: boolean): Promise<ManifestCategory> {
    const { job } = this;
    const archive = await this.#finish();
    for (const database of this.#captured) {
      if (archive === null) continue;
      this.#tally.addDatabase(database.source, await job.background.prove(() => proveDatabase(job, database, archive)));
    }
    return {
      ...(entriesIn(this.#tally.counts) === 0 || archive === null ? {} : { archive }),
      status: this.#status(present),
      ...this.#tally.counts,
      sources: this.#tally.sources(this.#category),
    };
  }

  /** Releases everything. Nothing may be under way. After `seal` it has nothing to do. */
  async abort(): Promise<void> {
    for (const capture of this.#open.values()) capture.close();
    await Promise.all(this.#captured.map(({ live }) => live));
    await this.#archive?.abort();
  }

  async #finish(): Promise<Archive | null> {
    if (this.#archive === undefined) return null;
    const { size, sha256, tarSize, frames } = await this.#archive.finish();
    return { file: this.#file, size, sha256, tarSize, frames, compression: this.job.config.compression };
  }

  /** Adds a written member to the index, the sums and the counts. */
  note(entry: Entry): void {
    const { job } = this;
    job.index.add(entry);
    this.#tally.add(entry);
    if (entry.type !== 'file') return;
    job.sums.add(entry.sha256 ?? '', entry.path);
    if (this.#isSecret(entry.path))
      job.onFinding(toFinding(secretTaken(entry.path), entry.path, entry.category, entry.source));
    job.progress.files++;
    job.progress.bytes += entry.size;
  }

  /**
   * Stores one ordinary entry.
   * @param inode the inode of the file that was listed. Another file may have its name by now
   */
  async entry(entry: ScannedEntry, inode?: number): Promise<void> {
    const groupRights = this.job.groupRights.get(entry.path);
    if (entry.type !== 'file') {
      const stored = { ...entry, mode: modeWithoutMask(entry.mode, groupRights) };
      const offset = this.archive.begin(stored);
      this.archive.end();
      this.note({ ...stored, offset });
      return;
    }
    const file = this.#native(entry);
    let isMapped = false;
    const outcome = await readFileInto(file, entry, this.archive, {
      inspect: this.#inspector(entry),
      groupRights,
      yieldIfDue: () => this.yieldIfDue(),
      lookAgain: () => this.job.patience.lookAgain(),
      isInPlace: () => hasRealParents(this.job.project.root, entry.path),
      isMeant:
        inode === undefined
          ? undefined
          : async (found) => Number(found.ino) === inode || !(await this.job.isSomewhere(inode)),
      isMapped: (found) => {
        isMapped = this.job.mapped.holds(file, found);
        // A file that was mapped after the list was made shows its first write.
        return isMapped || Number(found.ctimeMs) >= this.job.mapped.since;
      },
    });
    if (outcome.status === 'ok') {
      this.note({ ...outcome.entry, sha256: outcome.sha256, offset: outcome.offset });
      if (isMapped && !showsMappedWrites(file))
        this.job.onFinding(toFinding(fileNotProven(entry.path), entry.path, entry.category, entry.source));
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

  /** Stores packed batches, in order, until no more than `most` are under way. */
  async #settle(most: number): Promise<void> {
    while (this.#batches.length > most) {
      const first = await this.#batches.take();
      if (first === undefined) return;
      const { batch, offset, packed } = first;
      if (packed !== null && offset === this.archive.position && !this.#hasMask(batch)) this.#add(packed);
      // The batch cannot be used: something in it, or the size of something before it, is not what the scan saw, or an ACL hides what its modes mean.
      else for (const item of entriesOf(batch)) await this.#item(item);
      if (packed !== null) this.#batches.release(packed);
      await this.#keepPace();
    }
  }

  /** Whether an entry of the batch has an ACL, so that its mode shows the mask of that ACL. */
  #hasMask(batch: EntryBatch): boolean {
    const { groupRights } = this.job;
    if (groupRights.size > 0) for (const { path } of entriesOf(batch)) if (groupRights.has(path)) return true;
    return false;
  }

  #add({ tar, index, sums, tallies, findings }: PackedBatch): void {
    const { job } = this;
    const counts = this.#tally.addBatch(tallies);
    this.archive.members(tar);
    job.index.addLines(index, entriesIn(counts));
    job.sums.addLines(sums, counts.files);
    job.progress.files += counts.files;
    job.progress.bytes += counts.bytes;
    for (const finding of findings) job.onFinding(finding);
  }

  async #item(item: ScanItem): Promise<void> {
    if (item.kind === 'database') await this.#capture(item);
    else if (item.kind === 'part') await this.#part(item);
    else await this.entry(item.entry, item.inode ?? item.state?.inode);
    await this.#keepPace();
  }

  async #keepPace(): Promise<void> {
    if (this.#archive?.needsDrain === true) await this.#archive.drain();
    if (this.job.index.needsDrain) await this.job.index.drain();
    await this.yieldIfDue();
  }

  #native(entry: ScannedEntry): string {
    return toNative(this.job.project.root, entry.path);
  }

  #inspector(entry: ScannedEntry): Inspect | undefined {
    return entry.path.endsWith('.json') ? (content) => checkJson(entry, content, this.job.onFinding) : undefined;
  }

  async #capture(item: DatabaseItem): Promise<void> {
    const capture = await captureInto(this, item);
    this.#captured.push(capture.database);
    if (item.engine.shape === 'folder') capture.close();
    else this.#open.set(item.path, capture);
  }

  async #part({ path: at, database, isLast }: PartItem): Promise<void> {
    const capture = this.#open.get(database);
    await capture?.part(at);
    if (!isLast) return;
    capture?.close();
    this.#open.delete(database);
  }

  #status(present: boolean): ManifestCategory['status'] {
    if (this.job.problems.isPartial(this.#category.name)) return 'partial';
    const { files, symlinks, directories } = this.#tally.counts;
    if (files + symlinks > 0) return 'complete';
    return present || directories > 0 ? 'empty' : 'absent';
  }

  /** Every few milliseconds this lets signals and progress through. It throws if the backup has already failed or was interrupted. */
  async yieldIfDue(): Promise<void> {
    if (!this.#pacer.due()) return;
    throwIfInterrupted(this.job.context.signal);
    this.job.background.throwIfFailed();
    const { files, bytes } = this.job.progress;
    this.job.context.onEvent?.({ type: 'progress', files, bytes: bytes + (this.#archive?.openBytes ?? 0) });
    await this.#pacer.turn();
  }
}

/**
 * Proves a database as it is in the archive, not as it is in the project, and notes what is wrong in it. Throws PROOF_FAILED or DATABASE_DAMAGED if
 * it cannot be read.
 */
async function proveDatabase(job: BackupJob, database: CapturedDatabase, archive: Archive): Promise<ManifestDatabase> {
  const { signal } = job.context;
  const { path: at, category, source, engine, members, how, attempts } = database;
  const content = new MemberFiles(path.join(job.folder, archive.file), archive);
  try {
    const files = archivedFiles(engine, at, members, (entry) => content.open(entry));
    const facts = await engine.prove(files, { scratch: `${job.folder}.scratch`, signal });
    for (const finding of engine.remarks(at, facts)) job.onFinding({ ...finding, path: at, category, source });
    return { path: at, ...facts, captured: { how, attempts, live: await database.live } };
  } catch (error) {
    throw aboutDatabase(error, database);
  } finally {
    await database.live;
    content.close();
  }
}
