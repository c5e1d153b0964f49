import path from 'node:path';
import { readIndex } from '../../format/index-file.ts';
import { checkArtifactHash } from '../../checks/artifact-sums.ts';
import { isNoFile } from '../../fs/regular-file.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Entry } from '../../model/entry.ts';
import type { Context } from '../../model/event.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { INDEX_FILE } from '../../format/layout.ts';
import { readManifest } from '../../format/manifest-file.ts';
import { IndexCursor } from '../../format/index-cursor.ts';
import type { Side, SideEntry, SideDatabase } from './side.ts';
import { hashFile } from '../../fs/hash-file.ts';
import { archivedRegistries } from '../../extract/registries.ts';

/** A backup as its index and manifest state it. Throws BACKUP_DAMAGED if the index is not the one that the manifest states. */
export function backupSide(
  selected: SelectedBackup,
  { signal }: Pick<Context, 'signal'>,
): Side & { readonly manifest: Manifest } {
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
  const reader = new CategoryReader(index, categories, (entry) => registries.see(entry));
  return {
    manifest,
    backupId: manifest.backupId,
    where: selected.fromFile ?? selected.folder,
    categories,
    entries: (category) => reader.entries(category),
    databases: (isWanted) => Promise.resolve(databasesOf(manifest).filter(isWanted)),
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
        state: { records, digest },
        problem: null,
      })),
    ),
  );
}
