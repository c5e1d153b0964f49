import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Pacer } from '../concurrency/pacer.ts';
import { archivedFiles } from '../databases/archived-files.ts';
import type { Engine } from '../databases/engine.ts';
import { engineOf, partNames, recogniseFile, recogniseFolder } from '../databases/engines.ts';
import type { ReadableDatabase } from '../databases/merge-by-key.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { readManifest } from '../format/manifest-file.ts';
import { MemberFiles } from '../format/member-files.ts';
import { removeTree } from '../fs/durable.ts';
import { BackupError, throwIfInterrupted } from '../model/backup-error.ts';
import type { ManifestDatabase } from '../model/database.ts';
import type { Entry } from '../model/entry.ts';
import type { Context } from '../model/event.ts';
import type { Manifest } from '../model/manifest.ts';
import { databasesOf } from '../model/stated-databases.ts';
import { escapeName, shorten } from '../paths/names.ts';

/** A database inside a backup's archive. Its path is project-relative. */
export interface ArchivedDatabase extends ReadableDatabase {
  readonly path: string;
  /** What the manifest states; null for a database that was taken as plain files. */
  readonly stated: ManifestDatabase | null;
}

interface Place {
  readonly path: string;
  readonly stated: ManifestDatabase | null;
}

const CHUNK = 1 << 20;
/** Enough of a file to see whether it is a database. */
const START = 4096;

/**
 * Reads the database that `term` names in the backup in `folder`: `category/source`, or the project-relative path of the database. Its bytes are those
 * that the index states. What that needs is removed afterwards. Throws NO_SUCH_DATABASE, USAGE if a source holds several, BACKUP_DAMAGED, and what `use`
 * throws.
 */
export async function withArchivedDatabase<T>(
  folder: string,
  term: string,
  context: Context,
  use: (opened: ArchivedDatabase) => Promise<T>,
): Promise<T> {
  const manifest = readManifest(folder);
  const { path: database, stated } = findPlace(manifest, term.replace(/\/+$/, ''));
  const members = await membersOf(folder, database, context);
  const archive = manifest.categories[members[0]?.category ?? '']?.archive;
  if (archive === undefined) throw notInBackup(manifest, term);
  await MemberFiles.fetch(path.join(folder, archive.file), archive, members);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-archived-'));
  const content = new MemberFiles(path.join(folder, archive.file), archive);
  try {
    const engine = stated === null ? recognise(database, members, content, scratch) : engineOf(stated.engine);
    if (engine === null) throw notInBackup(manifest, term);
    const parts = members.filter((entry) => engine.partOf(database, entry.path) !== null);
    for (const entry of parts) await checkContent(manifest, entry, content, context);
    const files = archivedFiles(engine, database, parts, (entry) => content.open(entry));
    return await use({ engine, path: database, files, stated, scratch: path.join(scratch, 'copy') });
  } finally {
    content.close();
    removeTree(scratch);
  }
}

/** A database that was taken as plain files is in no list of databases: it is looked for by the path of its source, or by its own. */
function findPlace(manifest: Manifest, term: string): Place {
  const sources = Object.entries(manifest.categories).flatMap(([category, { sources: all }]) =>
    all.map((source) => ({ name: `${category}/${source.name}`, source })),
  );
  const byPath = databasesOf(manifest).find((database) => database.path === term);
  const named = sources.find(({ name }) => name === term)?.source;
  const databases = named?.databases ?? [];
  const [first, second] = databases;
  if (first !== undefined && second !== undefined && byPath === undefined) {
    throw new BackupError('USAGE', `${escapeName(term)} holds ${databases.length} databases`, {
      hint: `Name one by its path, for example ${escapeName(first.path)}.`,
      details: { databases: databases.map((database) => database.path) },
    });
  }
  const stated = second === undefined ? (first ?? byPath) : byPath;
  return { path: stated?.path ?? named?.path ?? term, stated: stated ?? null };
}

/** The database file, or the files right in the folder, and all files whose names begin with the database's. */
async function membersOf(folder: string, database: string, { signal }: Context): Promise<Entry[]> {
  const members: Entry[] = [];
  for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
    throwIfInterrupted(signal);
    for (const entry of batch) {
      if (entry.type !== 'file' || !entry.path.startsWith(database)) continue;
      const rest = entry.path.slice(database.length);
      if (!rest.includes('/', 1)) members.push(entry);
    }
  }
  return members;
}

/** The engine of a database that was taken as plain files. It is recognised by the first bytes of its files, so these are written to the scratch folder. */
function recognise(database: string, members: readonly Entry[], content: MemberFiles, scratch: string): Engine | null {
  const inside = members.filter((entry) => entry.path.startsWith(`${database}/`));
  const laid = path.join(scratch, 'starts');
  if (inside.length > 0) {
    const names = inside.map((entry) => entry.path.slice(database.length + 1));
    return recogniseFolder(laid, names);
  }
  const file = members.find((entry) => entry.path === database);
  if (file === undefined) return null;
  fs.mkdirSync(laid);
  for (const entry of members.filter(
    (each) => each === file || partNames(each.path).some((part) => part.database === database),
  ))
    fs.writeFileSync(path.join(laid, path.posix.basename(entry.path)), content.open(entry).read(0, START));
  return recogniseFile(path.join(laid, path.posix.basename(database)), file.size);
}

/**
 * Throws BACKUP_DAMAGED unless the content is what the index states: what is shown is what a restore would bring back.
 * @param content of the archive of its category
 */
export async function checkContent(
  manifest: Manifest,
  entry: Entry,
  content: MemberFiles,
  { signal }: Context,
): Promise<void> {
  const file = content.open(entry);
  const hash = createHash('sha256');
  const pacer = new Pacer();
  for (let at = 0; at < file.size; at += CHUNK) {
    throwIfInterrupted(signal);
    hash.update(file.read(at, CHUNK));
    if (pacer.due()) await pacer.turn();
  }
  if (hash.digest('hex') === entry.sha256) return;
  throw new BackupError('BACKUP_DAMAGED', `${escapeName(entry.path)} is not what the index of the backup says`, {
    hint: `migbackup verify ${manifest.backupId} shows what of the backup is still good.`,
    path: entry.path,
  });
}

/** How many databases a hint names; the details of the error have all. */
const SHOWN = 10;

function notInBackup(manifest: Manifest, term: string): BackupError {
  const known = databasesOf(manifest).map((database) => database.path);
  const more = known.length > SHOWN ? ` and ${known.length - SHOWN} more` : '';
  const names = `${known.slice(0, SHOWN).map(escapeName).join(', ')}${more}`;
  return new BackupError('NO_SUCH_DATABASE', `${manifest.backupId} holds no database ${shorten(escapeName(term))}`, {
    hint: known.length === 0 ? 'It holds no database.' : `Its databases are: ${names}.`,
    path: term,
    details: { databases: known },
  });
}

/** `BACKUP:database`, where BACKUP may be a path that has colons in it; the colon of a Windows drive does not count. */
export function splitDatabaseName(name: string, cwd: string): { backup: string; database: string } | null {
  const from = /^[A-Za-z]:[\\/]/.test(name) ? 2 : 1;
  const colons = [...name.matchAll(/:/g)].map(({ index }) => index);
  const fitting = colons.filter((at) => at >= from && at < name.length - 1);
  const at = fitting.find((colon) => fs.existsSync(path.resolve(cwd, name.slice(0, colon)))) ?? fitting[0];
  return at === undefined ? null : { backup: name.slice(0, at), database: name.slice(at + 1) };
}
