import type fs from 'node:fs';
import path from 'node:path';
import type { Engine } from '../databases/engine.ts';
import { engineOf, partNames, partsBeside, recogniseFile } from '../databases/engines.ts';
import { foreignDatabaseFile, type ForeignDatabase } from '../databases/others.ts';
import { lstatOrNull } from '../fs/durable.ts';
import type { Project, Source } from '../model/category.ts';
import { comparePaths } from '../model/entry.ts';
import { isSpelledOut } from './ownership.ts';
import type { OpenFolder } from './open-folder.ts';
import type { PartItem, ScanItem, ScanOptions } from './scan-item.ts';
import { databaseForeign, databaseGone, databaseNotProven, notTheDatabase } from './scan-messages.ts';
import type { ScanNotes } from './scan-notes.ts';
import type { WalkLook } from './walk-look.ts';

/** Finds the databases that are files, and makes sure that their parts are stored with them. */
export class DatabaseFileSearch {
  readonly #project: Project;
  readonly #source: Source;
  readonly #options: ScanOptions;
  readonly #notes: ScanNotes;
  readonly #look: WalkLook;
  readonly #isSecret: (path: string) => boolean;

  constructor(
    project: Project,
    source: Source,
    options: ScanOptions,
    notes: ScanNotes,
    look: WalkLook,
    isSecret: (path: string) => boolean,
  ) {
    this.#project = project;
    this.#source = source;
    this.#options = options;
    this.#notes = notes;
    this.#look = look;
    this.#isSecret = isSecret;
  }

  /** How to store a file, a link or a special file. Null means not at all, undefined means as what it is. */
  find(
    folder: OpenFolder | undefined,
    relative: string,
    native: string,
    stat: fs.BigIntStats,
  ): ScanItem | null | undefined {
    if (!stat.isFile()) return this.#noFile(relative);
    const engine = recogniseFile(native, Number(stat.size));
    const { type, path: top } = this.#source;
    const raw = this.#options.databaseAsFiles?.(relative, this.#source) === true;
    const foreign = (): ForeignDatabase | null =>
      folder === undefined ? null : foreignDatabaseFile(native, (folder.known ??= new Set(folder.names)));
    const isNotTheOne = type !== 'files' && relative === top && type !== engine?.name;
    if (isNotTheOne && !raw) {
      this.#notes.problem(notTheDatabase(engineOf(type).title, foreign()), relative);
      return null;
    }
    if (engine === null) {
      if (isNotTheOne) this.#notes.finding(databaseNotProven(relative, type), relative);
      if (folder !== undefined && relative === top) this.#takeAlong(folder, relative, native, stat.size === 0n);
      const expected = folder?.parts.get(path.posix.basename(relative))?.kind === 'file';
      if (!expected && this.#isStray(relative, native)) return null;
      const other = this.#notes.wantsFindings ? foreign() : null;
      if (other !== null) this.#notes.finding(databaseForeign(relative, other), relative);
      return undefined;
    }
    if (raw) this.#notes.finding(databaseNotProven(relative, engine.name), relative);
    if (folder !== undefined) {
      this.#look.holdsDatabase(folder.path, folder.names);
      this.#expectParts(folder, relative, engine, raw);
    }
    if (raw) return undefined;
    return { kind: 'database', path: relative, source: this.#source, engine, place: native, others: [] };
  }

  /** A link or a special file is not a database: a problem if its source says that one is there. */
  #noFile(relative: string): null | undefined {
    const { type, path: top } = this.#source;
    const isWanted = relative === top && type !== 'files' && isSpelledOut(this.#project, this.#source);
    if (!isWanted || this.#options.databaseAsFiles?.(relative, this.#source) === true) return undefined;
    this.#notes.problem(notTheDatabase(engineOf(type).title, null), relative);
    return null;
  }

  /** Decides what comes later in this folder at the name of each part, even of parts that do not exist now: they may exist at the moment of the capture. */
  #expectParts(folder: OpenFolder, database: string, engine: Engine, raw: boolean): void {
    const base = path.posix.basename(database);
    const parts = (engine.parts ?? []).filter((part) => part !== '');
    const stored = parts.filter((part) => !engine.isVolatile(part));
    for (const part of parts) {
      const isPart = engine.mayBePart(folder.prefix + base + part, part);
      if (raw && !isPart) continue;
      const isLast = part === stored.at(-1);
      const item: PartItem = {
        kind: 'part',
        path: database + part,
        database,
        isLast,
        ...(isPart ? {} : { isOther: true }),
      };
      folder.parts.set(base + part, engine.isVolatile(part) ? { kind: 'nothing' } : raw ? { kind: 'file' } : item);
    }
    const coming = folder.names.slice(folder.next);
    const missing = stored
      .map((part) => base + part)
      .filter((name) => !coming.includes(name) && (!raw || lstatOrNull(folder.prefix + name) !== null));
    folder.names = [...folder.names.slice(0, folder.next), ...[...coming, ...missing].toSorted(comparePaths)];
  }

  /**
   * Adds the files that would be parts of a database with this name. A source that is one file takes them along even if the file is not a database
   * that we can read, because it may be encrypted.
   */
  #takeAlong(folder: OpenFolder, database: string, native: string, isEmpty: boolean): void {
    const names = partsBeside(native).flatMap((part) => {
      const at = database + part;
      if (this.#isSecret(at) || this.#options.ownership.ownerOf(at) !== undefined) return [];
      if (isEmpty) this.#notes.finding(databaseGone(database, at), at);
      return [path.posix.basename(at)];
    });
    for (const name of names) folder.parts.set(name, { kind: 'file' });
    folder.names = [...folder.names, ...names].toSorted(comparePaths);
  }

  /** Whether a file is a part of a database that this source does not store. Reports a part whose database is gone. */
  #isStray(relative: string, native: string): boolean {
    for (const { engine, database, part } of partNames(relative)) {
      if (!engine.mayBePart(native, part)) continue;
      const file = native.slice(0, native.length - part.length);
      const stat = lstatOrNull(file);
      if (stat?.isFile() === true && engine.isFile(file, Number(stat.size))) return true;
      if ((stat === null || stat.size === 0n) && engine.isPart(native, part))
        this.#notes.finding(databaseGone(database, relative), relative);
    }
    return false;
  }
}
