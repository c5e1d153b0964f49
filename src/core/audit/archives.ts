import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { MemberFiles } from '../format/member-files.ts';
import { readArchive } from '../format/archive-reader.ts';
import type { MemberSink } from '../format/member-sink.ts';
import { checkArtifactHash } from '../checks/artifact-sums.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { parentOf } from '../paths/paths.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { Entry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import type { ManifestDatabase } from '../model/database.ts';
import { databasesIn } from '../model/stated-databases.ts';
import type { Archive, Manifest } from '../model/manifest.ts';
import { archivedFiles } from '../databases/archived-files.ts';
import type { DatabaseFiles } from '../databases/database-files.ts';
import { engineOf } from '../databases/engines.ts';
import type { Choice } from './sample.ts';

export interface ArchivesAuditOptions {
  readonly folder: string;
  readonly manifest: Manifest;
  /** What ARTIFACTS.sha256 states. */
  readonly listed: ReadonlyMap<string, string>;
  readonly choice: Choice;
  readonly sink?: MemberSink | undefined;
  readonly onFinding: (finding: Finding) => void;
  readonly context: Context;
}

/** Reads each category's archive and compares it with the index, and reads the databases in it with our own reader. */
export class ArchivesAudit {
  files = 0;
  bytes = 0;
  count = 0;
  #unsaid = 0;
  readonly #options: ArchivesAuditOptions;

  constructor(options: ArchivesAuditOptions) {
    this.#options = options;
  }

  async category(name: string, entries: AsyncGenerator<Entry[]>): Promise<void> {
    const category = this.#options.manifest.categories[name];
    const archive = category?.archive;
    // Only databases that can be read in place. The archive's hashes prove the bytes of all of them.
    const databases = (category === undefined ? [] : databasesIn(category)).filter(
      ({ engine }) => engineOf(engine).inspect !== null,
    );
    const members = new Map<string, Entry[]>(databases.map((database) => [database.path, []]));
    const watched = watch(entries, members);
    const file = archive === undefined ? undefined : path.join(this.#options.folder, archive.file);
    if (archive === undefined || file === undefined || lstatOrNull(file)?.isFile() !== true) {
      await affectAll(name, archive, watched, this.#options.onFinding);
      return;
    }
    this.count++;
    let damaged = false;
    const onFinding = (finding: Finding): void => {
      damaged = true;
      this.#options.onFinding(finding);
    };
    const { choice, listed, sink, context } = this.#options;
    const sha256 = await readArchive({
      file,
      category: name,
      facts: archive,
      entries: watched,
      select: choice.select,
      sink,
      onFinding,
      onProgress: (files, bytes) => this.#progress(files, bytes),
      signal: context.signal,
    });
    if (sha256 !== null) {
      for (const finding of checkArtifactHash(archive.file, sha256, listed.get(archive.file), archive.sha256))
        onFinding({ ...finding, category: name });
    } else if (choice.select !== undefined) this.#checkSize(name, archive, file);
    if (damaged || (choice.scope.mode !== 'full' && choice.scope.mode !== 'selection')) return;
    const { select = () => true } = choice;
    const read = databases.filter(({ path: at }) => members.get(at)?.every(select) === true);
    await this.#databases(name, file, archive, read, members);
  }

  #progress(files: number, bytes: number): void {
    this.files += files;
    this.bytes += bytes;
    this.#unsaid += bytes;
    if (this.files % 256 !== 0 && this.#unsaid < 1 << 20) return;
    this.#unsaid = 0;
    this.#options.context.onEvent?.({ type: 'progress', files: this.files, bytes: this.bytes });
  }

  #checkSize(category: string, archive: Archive, file: string): void {
    const size = Number(lstatOrNull(file)?.size ?? 0n);
    if (size === archive.size) return;
    this.#options.onFinding({
      code: 'artifact-altered',
      severity: 'error',
      message: `${archive.file} has ${size} bytes, but the manifest says ${archive.size}`,
      path: archive.file,
      category,
    });
  }

  async #databases(
    category: string,
    file: string,
    archive: Archive,
    databases: readonly ManifestDatabase[],
    members: Map<string, Entry[]>,
  ): Promise<void> {
    if (databases.length === 0) return;
    const content = new MemberFiles(file, archive);
    try {
      for (const database of databases) {
        const files = archivedFiles(
          engineOf(database.engine),
          database.path,
          members.get(database.path) ?? [],
          (entry) => content.open(entry),
        );
        await this.#database(category, database, files);
      }
    } finally {
      content.close();
    }
  }

  async #database(category: string, stated: ManifestDatabase, files: DatabaseFiles): Promise<void> {
    const wrong = (message: string, evidence?: Record<string, unknown>): void =>
      this.#options.onFinding({
        code: 'database-differs',
        severity: 'error',
        message: `${engineOf(stated.engine).title} database ${stated.path}: ${message}`,
        path: stated.path,
        category,
        ...(evidence === undefined ? {} : { evidence }),
      });
    try {
      const found = await engineOf(stated.engine).inspect?.(files, this.#options.context.signal);
      for (const [key, value] of Object.entries(found ?? {})) {
        // Which readers agreed was found out when the backup was taken.
        if (key !== 'readers' && !isDeepStrictEqual(value, stated[key]))
          wrong(`${key} is ${show(value)}, but the manifest says ${show(stated[key])}`, {
            key,
            found: value,
            stated: stated[key],
          });
      }
    } catch (error) {
      if (!(error instanceof BackupError) || error.code === 'INTERRUPTED') throw error;
      wrong(error.message);
    }
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Passes the entries on, and keeps the files that lie directly in the folder of a named database. */
async function* watch(entries: AsyncGenerator<Entry[]>, members: Map<string, Entry[]>): AsyncGenerator<Entry[]> {
  for await (const batch of entries) {
    if (members.size > 0) {
      for (const entry of batch) {
        const list = entry.type === 'file' ? members.get(parentOf(entry.path)) : undefined;
        list?.push(entry);
      }
    }
    yield batch;
  }
}

/** If an archive is missing, all its files are missing with it. */
async function affectAll(
  category: string,
  archive: Archive | undefined,
  entries: AsyncGenerator<Entry[]>,
  onFinding: (finding: Finding) => void,
): Promise<void> {
  const affects: string[] = [];
  for await (const batch of entries) for (const entry of batch) affects.push(entry.path);
  if (affects.length === 0) return;
  const what =
    archive === undefined
      ? `the index lists entries of ${category}, which has no archive`
      : `${archive.file} is missing`;
  onFinding({
    code: 'archive-missing',
    severity: 'error',
    message: what,
    path: archive?.file ?? INDEX,
    category,
    affects,
  });
}

const INDEX = 'INDEX.ndjson.zst';
