import path from 'node:path';
import { readIndex } from '../../format/index-file.ts';
import { MemberFiles } from '../../format/member-files.ts';
import { escapeName } from '../../paths/names.ts';
import { parentOf } from '../../paths/paths.ts';
import { BackupError, throwIfInterrupted } from '../../model/backup-error.ts';
import type { Entry } from '../../model/entry.ts';
import type { Context } from '../../model/event.ts';
import type { ManifestDatabase, Manifest } from '../../model/manifest.ts';
import { archivedDatabase } from '../../databases/leveldb/proof/archived-database.ts';
import type { DatabaseFiles } from '../../databases/leveldb/format/reader.ts';
import { INDEX_FILE } from '../../format/layout.ts';
import { readManifest } from '../../format/manifest-file.ts';

/** A database where it stands in a backup's archive; `close` when done. */
export interface ArchivedDatabase {
  /** Project-relative. */
  readonly path: string;
  readonly files: DatabaseFiles;
  /** What the manifest states; null for a database that was taken as plain files. */
  readonly stated: { readonly records: number | null; readonly digest: string | null } | null;
  close(): void;
}

interface Place {
  readonly path: string;
  readonly stated: ManifestDatabase | null;
}

/**
 * Opens the database that `term` names in the backup in `folder`: `category/source`, or the project-relative path of the database.
 * Throws NOTHING_SELECTED if there is none, USAGE if a source holds several.
 */
export async function openArchivedDatabase(folder: string, term: string, context: Context): Promise<ArchivedDatabase> {
  const manifest = readManifest(folder);
  const place = findPlace(manifest, term.replace(/\/+$/, ''));
  const members = await membersOf(folder, place.path, context);
  const archive = manifest.categories[members[0]?.category ?? '']?.archive;
  if (archive === undefined || !members.some((entry) => entry.path === `${place.path}/CURRENT`)) {
    throw noSuchDatabase(manifest, term);
  }
  const content = new MemberFiles(path.join(folder, archive.file), archive);
  const { stated } = place;
  return {
    path: place.path,
    files: archivedDatabase(members, (entry) => content.open(entry)),
    stated: stated === null ? null : { records: stated.records, digest: stated.digest },
    close: () => content.close(),
  };
}

/** A database that was taken as plain files is in no list of databases: it is looked for by the path of its source, or by its own. */
function findPlace(manifest: Manifest, term: string): Place {
  const sources = Object.entries(manifest.categories).flatMap(([category, { sources: all }]) =>
    all.map((source) => ({ name: `${category}/${source.name}`, source })),
  );
  const named = sources.find(({ name }) => name === term)?.source;
  const databases = named?.databases ?? [];
  const [first, second] = databases;
  if (first !== undefined && second !== undefined) {
    throw new BackupError('USAGE', `${escapeName(term)} holds ${databases.length} databases`, {
      hint: `Name one by its path, for example ${escapeName(first.path)}.`,
      details: { databases: databases.map((database) => database.path) },
    });
  }
  if (first !== undefined) return { path: first.path, stated: first };
  const byPath = sources.flatMap(({ source }) => source.databases ?? []).find((database) => database.path === term);
  return { path: byPath?.path ?? named?.path ?? term, stated: byPath ?? null };
}

async function membersOf(folder: string, database: string, { signal }: Context): Promise<Entry[]> {
  const members: Entry[] = [];
  for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
    throwIfInterrupted(signal);
    for (const entry of batch) if (entry.type === 'file' && parentOf(entry.path) === database) members.push(entry);
  }
  return members;
}

function noSuchDatabase(manifest: Manifest, term: string): BackupError {
  const databases = Object.values(manifest.categories).flatMap(({ sources }) =>
    sources.flatMap((source) => (source.databases ?? []).map((database) => database.path)),
  );
  const known =
    databases.length === 0
      ? 'It holds no LevelDB database.'
      : `Its databases are: ${databases.map(escapeName).join(', ')}.`;
  return new BackupError('NOTHING_SELECTED', `${manifest.backupId} holds no LevelDB database ${escapeName(term)}`, {
    hint: known,
    details: { databases },
  });
}
