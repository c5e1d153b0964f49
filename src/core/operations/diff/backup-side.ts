import path from 'node:path';
import { readIndex } from '../../format/index-file.ts';
import type { ReadableDatabase } from '../../databases/merge-by-key.ts';
import { checkContent, withArchivedDatabase } from '../../extract/archived-database.ts';
import { MemberFiles } from '../../format/member-files.ts';
import { checkArtifactHash } from '../../checks/artifact-sums.ts';
import { isNoFile } from '../../fs/regular-file.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Entry } from '../../model/entry.ts';
import type { Context } from '../../model/event.ts';
import { unprovenDatabases } from '../../model/stated-databases.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { INDEX_FILE } from '../../format/layout.ts';
import { readManifest } from '../../format/manifest-file.ts';
import { IndexCursor } from '../../format/index-cursor.ts';
import type { Side, SideContent, SideDatabase, SideEntry } from './side.ts';
import { hashFile } from '../../fs/hash-file.ts';
import { archivedRegistries } from '../../extract/registries.ts';

export interface BackupSide extends Side {
  readonly manifest: Manifest;
  /** Reads one of its databases. Throws as `withArchivedDatabase`, and what `use` throws. */
  open<T>(path: string, use: (database: ReadableDatabase) => Promise<T>): Promise<T>;
}

/** A backup as its index and manifest state it. Throws BACKUP_DAMAGED if the index is not the one that the manifest states. */
export function backupSide(selected: SelectedBackup, context: Context): BackupSide {
  const { signal } = context;
  const manifest = readManifest(selected.folder);
  const index = path.join(selected.folder, INDEX_FILE);
  const wrong = indexProblem(index, manifest);
  if (wrong !== undefined) {
    throw new BackupError('BACKUP_DAMAGED', `${selected.id}: ${wrong}`, {
      hint: `Nothing was compared. migbackup verify ${selected.id} shows all that is wrong with it.`,
      path: index,
    });
  }
  const categories = Object.keys(manifest.categories);
  const registries = archivedRegistries(selected.folder, manifest);
  const open: BackupSide['open'] = (at, use) => withArchivedDatabase(selected.folder, at, context, use);
  const reader = new CategoryReader(index, categories, (entry) => registries.see(entry));
  return {
    manifest,
    backupId: manifest.backupId,
    where: selected.fromFile ?? selected.folder,
    categories,
    unproven: unprovenDatabases(manifest),
    entries: (category) => reader.entries(category),
    async databases(isWanted, look) {
      const all = databasesOf(manifest).filter(isWanted);
      for (const database of all) await look?.(database, (use) => open(database.path, use));
      return all;
    },
    open,
    content: (at, maxBytes) => readContent(selected.folder, manifest, at, maxBytes, context),
    recorded: (isWanted) => registries.read(signal, isWanted),
    findings: () => [],
  };
}

function indexProblem(index: string, manifest: Manifest): string | undefined {
  try {
    return checkArtifactHash(INDEX_FILE, hashFile(index), undefined, manifest.index.sha256)[0]?.message;
  } catch (error) {
    if (isNoFile(error)) return `${INDEX_FILE} is missing or is not a regular file`;
    throw error;
  }
}

/** Reads an index in one pass as long as its categories are asked for in its own order, and starts over if they are not. */
class CategoryReader {
  readonly #file: string;
  readonly #order: readonly string[];
  readonly #see: (entry: Entry) => void;
  #cursor: IndexCursor | undefined;
  #next = 0;

  constructor(file: string, order: readonly string[], see: (entry: Entry) => void) {
    this.#file = file;
    this.#order = order;
    this.#see = see;
  }

  async *entries(category: string): AsyncGenerator<SideEntry> {
    const at = this.#order.indexOf(category);
    if (at < 0) return;
    if (this.#cursor === undefined || at < this.#next) {
      this.#cursor = new IndexCursor(readIndex(this.#file), () => {});
      this.#next = 0;
    }
    const cursor = this.#cursor;
    for (; this.#next < at; this.#next++) await cursor.skip(this.#order[this.#next] ?? '');
    this.#next = at + 1;
    for await (const batch of cursor.take(category)) {
      for (const entry of batch) {
        this.#see(entry);
        yield fromEntry(entry);
      }
    }
  }
}

function fromEntry({ source, path: relative, type, size, mode, target, sha256 }: Entry): SideEntry {
  return { source, path: relative, type, size, mode, target, sha256: () => sha256 ?? null, knownSha256: sha256 };
}

function databasesOf(manifest: Manifest): SideDatabase[] {
  return Object.entries(manifest.categories).flatMap(([category, held]) =>
    held.sources.flatMap(({ name: source, databases = [] }) =>
      databases.map(({ path: database, engine, records, digest }) => ({
        path: database,
        category,
        source,
        engine,
        state: { engine, records, digest },
        problem: null,
      })),
    ),
  );
}

async function readContent(
  folder: string,
  manifest: Manifest,
  at: string,
  maxBytes: number,
  context: Context,
): Promise<SideContent> {
  const entry = await findEntry(path.join(folder, INDEX_FILE), at);
  const archive = manifest.categories[entry?.category ?? '']?.archive;
  if (entry === null || archive === undefined) throw new Error(`no content of ${at}`);
  const { size: bytes, sha256 = null } = entry;
  if (bytes > maxBytes) return { bytes, sha256, content: null, problem: null };
  await MemberFiles.fetch(path.join(folder, archive.file), archive, [entry]);
  const members = new MemberFiles(path.join(folder, archive.file), archive);
  try {
    await checkContent(manifest, entry, members, context);
    const file = members.open(entry);
    const chunks: Buffer[] = [];
    for (let done = 0; done < bytes; done += CHUNK_BYTES) chunks.push(file.read(done, CHUNK_BYTES));
    return { bytes, sha256, content: Buffer.concat(chunks), problem: null };
  } finally {
    members.close();
  }
}

const CHUNK_BYTES = 1 << 20;

async function findEntry(index: string, at: string): Promise<Entry | null> {
  for await (const batch of readIndex(index)) {
    const found = batch.find((entry) => entry.path === at);
    if (found !== undefined) return found;
  }
  return null;
}
