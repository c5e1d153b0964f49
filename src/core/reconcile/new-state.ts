import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { isForeignFolder, isRebuiltFolder } from '../checks/gaps/state-kinds.ts';
import { CONFIG_FILE } from '../config/config-file.ts';
import type { Engine } from '../databases/engine.ts';
import { recogniseFile, recogniseFolder } from '../databases/engines.ts';
import { readOnDisk } from '../databases/read-on-disk.ts';
import { readIndex } from '../format/index-file.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { hashIfReadable } from '../fs/hash-file.ts';
import { BackupError, errnoOf, throwIfInterrupted } from '../model/backup-error.ts';
import type { Config, Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Manifest } from '../model/manifest.ts';
import { databasesOf } from '../model/stated-databases.ts';
import { decodeName, escapeBytes } from '../paths/names.ts';
import { isInside, joined } from '../paths/paths.ts';
import { Ownership } from '../scan/ownership.ts';
import type { Unread } from './documents.ts';

/** A database of the project, as it is now. */
export interface NewDatabase {
  /** Project-relative. */
  readonly path: string;
  readonly place: string;
  readonly engine: Engine;
}

/** What the project holds now, as far as records may be in it. */
export interface NewState {
  /** JSON and JSONL files, project-relative, in order. */
  readonly files: readonly string[];
  readonly databases: readonly NewDatabase[];
  /** Paths of databases that hold exactly what they held, and that no glob names: they are no part of the new state. */
  readonly unchanged: readonly string[];
  readonly unread: readonly Unread[];
}

/** Files that are looked into for their name alone. Others that `globs` match are looked into, too. */
const BY_NAME = /\.(?:json|jsonl|ndjson|jsonlines)$/i;

/**
 * What was added or changed since the backup in `folder`: in the sources of `config`, and beside them, where a file counts if it was written since. With
 * `globs`, what they match, changed or not, and nothing else. Reads names, sizes and, if the size is the same, content.
 * @param config the backup's own
 */
export async function lookForNewState(
  project: Project,
  config: Config,
  backup: { readonly folder: string; readonly manifest: Manifest },
  globs: readonly string[],
  context: Context,
): Promise<NewState> {
  const look = new Look(project, config, backup.manifest, globs);
  look.visit('.', project.root, false);
  const same = globs.length > 0 ? new Set<string>() : await sameFiles(project.root, backup.folder, look.files, context);
  const files = [...look.files.keys()].filter((file) => !same.has(file)).toSorted();
  const unchanged: string[] = [];
  const databases: NewDatabase[] = [];
  for (const database of look.databases) {
    if (globs.length === 0 && (await isUnchanged(database, backup.manifest, context))) unchanged.push(database.path);
    else databases.push(database);
  }
  return { files, databases, unchanged, unread: look.unread };
}

class Look {
  /** Path -> size. */
  readonly files = new Map<string, number>();
  readonly databases: NewDatabase[] = [];
  readonly unread: Unread[] = [];
  readonly #project: Project;
  readonly #ownership: Ownership;
  readonly #matches: ((path: string) => boolean) | null;
  readonly #stated: ReadonlySet<string>;
  readonly #since: number;

  constructor(project: Project, config: Config, manifest: Manifest, globs: readonly string[]) {
    this.#project = project;
    this.#ownership = new Ownership(config.categories);
    this.#matches = globs.length === 0 ? null : matcherOf(globs);
    this.#stated = new Set(databasesOf(manifest).map((database) => database.path));
    this.#since = Date.parse(manifest.createdAt);
  }

  /** @param rebuilt whether this is below a folder of build output: only what a source names counts there */
  visit(relative: string, native: string, rebuilt: boolean): void {
    let entries: fs.Dirent<Buffer>[];
    try {
      entries = fs.readdirSync(native, { withFileTypes: true, encoding: 'buffer' });
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (errno !== 'ENOENT') this.unread.push({ file: relative, why: `cannot be looked into (${errno})` });
      return;
    }
    const names = entries.map(({ name }) => decodeName(name) ?? '');
    const engine = relative === '.' ? null : recogniseFolder(native, names);
    if (engine !== null) {
      this.#database({ path: relative, place: native, engine });
      return;
    }
    for (const entry of entries) {
      const name = decodeName(entry.name);
      if (name === null) {
        if (BY_NAME.test(escapeBytes(entry.name)))
          this.unread.push({ file: joined(relative, escapeBytes(entry.name)), why: 'has a name that is not UTF-8' });
        continue;
      }
      const [child, place] = [joined(relative, name), path.join(native, name)];
      if (place === this.#project.repository || place === this.#project.config.file || name === CONFIG_FILE) continue;
      if (entry.isDirectory()) {
        if (!isForeignFolder(name)) this.visit(child, place, rebuilt || isRebuiltFolder(name));
      } else if (entry.isFile()) this.#file(child, place, rebuilt);
      else if (
        entry.isSymbolicLink() &&
        (this.#matches?.(child) ?? (BY_NAME.test(name) && !rebuilt && this.#isNew(place)))
      )
        this.unread.push({ file: child, why: 'is a link, and links are not followed' });
    }
  }

  #file(relative: string, place: string, rebuilt: boolean): void {
    const stat = fs.lstatSync(place, { throwIfNoEntry: false });
    if (stat === undefined) return;
    const engine = BY_NAME.test(relative) ? null : recogniseFile(place, stat.size);
    if (engine !== null) this.#database({ path: relative, place, engine });
    else if (this.#matches !== null) {
      if (this.#matches(relative)) this.files.set(relative, stat.size);
    } else if (BY_NAME.test(relative)) {
      const owned = this.#ownership.ownerOf(relative) !== undefined;
      const isRecent = Math.max(stat.mtimeMs, stat.ctimeMs) >= this.#since;
      if (owned || (!rebuilt && isRecent)) this.files.set(relative, stat.size);
    }
  }

  #database(database: NewDatabase): void {
    const { path: at, engine } = database;
    const marker = engine.pathOf(at, engine.marker);
    if (this.#matches !== null) {
      if (this.#matches(at) || this.#matches(marker)) this.databases.push(database);
    } else if (this.#stated.has(at) || this.#ownership.ownerOf(marker) !== undefined || this.#isRecent(database))
      this.databases.push(database);
  }

  #isNew(place: string): boolean {
    const stat = fs.lstatSync(place, { throwIfNoEntry: false });
    return stat !== undefined && Math.max(stat.mtimeMs, stat.ctimeMs) >= this.#since;
  }

  #isRecent({ place, engine }: NewDatabase): boolean {
    const files = engine.shape === 'file' ? [place] : fs.readdirSync(place).map((name) => path.join(place, name));
    return files.some((file) => this.#isNew(file));
  }
}

/** What a glob matches, and what is below a path. */
function matcherOf(globs: readonly string[]): (path: string) => boolean {
  const plain = globs.map((glob) => glob.replace(/^\.\//, '').replace(/\/+$/, ''));
  const matches = picomatch(plain, { dot: true, nonegate: true });
  return (path) => matches(path) || plain.some((glob) => isInside(path, glob));
}

/** Which of these files are as the backup has them. */
async function sameFiles(
  root: string,
  folder: string,
  files: ReadonlyMap<string, number>,
  { signal }: Context,
): Promise<Set<string>> {
  const same = new Set<string>();
  for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
    throwIfInterrupted(signal);
    for (const { type, path: file, size, sha256 } of batch)
      if (type === 'file' && files.get(file) === size && hashIfReadable(path.join(root, file)) === sha256)
        same.add(file);
  }
  return same;
}

/** Whether a database holds the same records as in the backup. One that cannot be read may hold others. */
async function isUnchanged({ path: at, place, engine }: NewDatabase, manifest: Manifest, context: Context) {
  const stated = databasesOf(manifest).find((database) => database.path === at);
  if (stated === undefined || stated.digest === null || stated.engine !== engine.name) return false;
  try {
    return (await readOnDisk(engine, place, context.signal)).digest === stated.digest;
  } catch (error) {
    if (error instanceof BackupError && error.code === 'INTERRUPTED') throw error;
    if (!(error instanceof BackupError) && errnoOf(error) === undefined) throw error;
    return false;
  }
}
