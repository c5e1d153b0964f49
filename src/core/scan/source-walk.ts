import type fs from 'node:fs';
import path from 'node:path';
import { comesBack } from '../fs/clock.ts';
import { decodeName } from '../paths/names.ts';
import {
  forbiddenPart,
  assertRealParents,
  foldKey,
  joined,
  pathProblem,
  STATE_FOLDER,
  toNative,
} from '../paths/paths.ts';
import { nameProblems } from '../paths/portable-names.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project, Source } from '../model/category.ts';
import type { ScannedEntry } from '../model/entry.ts';
import { settledState } from './file-state.ts';
import { secretMatcher } from './left-out.ts';
import { isEngineFile, isVolatileFile, recogniseDatabase, type Engine } from '../databases/leveldb/format/recognise.ts';
import { relativeTo } from './ownership.ts';
import { scannedEntry, type ScanItem, type ScanOptions } from './scan-item.ts';
import { ScanNotes } from './scan-notes.ts';
import {
  PROBLEM,
  notPortable,
  secretLeftOut,
  sourceIsLink,
  specialBits,
  timeNotKept,
  specialFile,
  sqliteNotProven,
  databaseNotProven,
  unsafeLink,
} from './scan-messages.ts';
import type { SourcePatterns } from './source-patterns.ts';
import { WalkLook } from './walk-look.ts';
import { besideJournals, isUnfinishedSqlite } from '../databases/sqlite/sqlite.ts';

/** A folder whose entries are being looked at. */
interface OpenFolder {
  readonly path: string;
  /** Its native path with a separator at the end. */
  readonly prefix: string;
  readonly names: readonly string[];
  /** Which name comes next. */
  next: number;
}

/** Walks what one source stores, in `comparePaths` order: names of a folder in byte order, a folder before what is in it. */
export class SourceWalk {
  readonly #project: Project;
  readonly #source: Source;
  readonly #options: ScanOptions;
  readonly #patterns: SourcePatterns;
  /** Nothing else claims a file below the source's path: then ownership need not be asked for each. */
  readonly #alone: boolean;
  readonly #isSecret: (path: string) => boolean;
  readonly #notes: ScanNotes;
  readonly #look: WalkLook;

  constructor(project: Project, source: Source, options: ScanOptions) {
    this.#project = project;
    this.#source = source;
    this.#options = options;
    this.#notes = new ScanNotes(source, options);
    this.#look = new WalkLook(project.root, this.#notes, options.looks);
    this.#patterns = options.ownership.patternsOf(source);
    this.#alone = options.ownership.isAlone(source) && !this.#patterns.hasInclude && source.exclude.length === 0;
    this.#isSecret = project.config.includeSecrets ? () => false : secretMatcher(project.config.secrets);
  }

  *run(): Generator<ScanItem> {
    const { path: top } = this.#source;
    const dir = toNative(this.#project.root, top);
    this.#look.above(top);
    try {
      assertRealParents(this.#project.root, top);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      this.#notes.problem(error, top, error);
      return;
    }
    const stat = this.#look.stat(dir, top);
    if (stat === null) {
      if (this.#source.required) this.#notes.problem(PROBLEM.missing, top);
      return;
    }
    if (stat.isSymbolicLink()) this.#notes.finding(sourceIsLink(top), top);
    const open: OpenFolder[] = [];
    const item = top === '.' ? this.#folder(open, '.', dir, null) : this.#child(open, top, dir, stat);
    if (item !== null) yield item;
    yield* this.#below(open);
    if (stat.isFile()) {
      const beside = this.#look.names(path.dirname(dir), path.posix.dirname(top), () => false);
      if (beside !== null) this.#lookForSqlite(path.posix.dirname(top), path.dirname(dir), beside);
    }
  }

  /** Goes through the open folders, innermost first: one loop, since a generator in each folder would hand every entry up level by level. */
  *#below(open: OpenFolder[]): Generator<ScanItem> {
    for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
      const name = folder.names[folder.next++];
      if (name === undefined) {
        open.pop();
        continue;
      }
      const item = this.#named(open, joined(folder.path, name), folder.prefix + name, name);
      if (item !== null) yield item;
    }
  }

  /** What stands at a path, if this source owns it; a folder is opened. */
  #child(open: OpenFolder[], relative: string, native: string, stat: fs.BigIntStats): ScanItem | null {
    if (stat.isDirectory()) return this.#folder(open, relative, native, stat);
    if (!this.#owns(relative) || this.#secret(relative)) return null;
    const entry = this.#leaf(relative, native, stat);
    if (entry === null) return null;
    if (entry.type !== 'file') return { kind: 'entry', path: relative, entry };
    const state = this.#look.isRestless(relative) ? undefined : settledState(stat, Date.now());
    return state === undefined
      ? { kind: 'entry', path: relative, entry, inode: Number(stat.ino) }
      : { kind: 'entry', path: relative, entry, state };
  }

  /** `stat` is null for the project itself, which is never an entry. */
  #folder(open: OpenFolder[], relative: string, native: string, stat: fs.BigIntStats | null): ScanItem | null {
    const inner = relativeTo(this.#source, relative);
    const below = stat !== null && inner !== '';
    if (below && !this.#mayHold(relative, inner)) return null;
    const names = this.#look.names(native, relative, (name) => this.#owns(name));
    if (names === null) return null;
    if (stat !== null) {
      const engine = recogniseDatabase(native, names);
      this.#look.listed(relative, stat, engine !== null, names);
      const isTop = this.#source.type === 'leveldb' && inner === '';
      const data = names.filter((name) => !isVolatileFile(name));
      const headless = engine === null && isTop && data.some(isEngineFile);
      if ((engine !== null || headless) && this.#options.databaseAsFiles?.(relative, this.#source) === true)
        return this.#rawDatabase(open, relative, native, stat, names);
      if (engine !== null) return this.#database(relative, native, stat, engine, names);
      if (headless) {
        this.#notes.problem(PROBLEM.damagedDatabase, relative);
        return null;
      }
      if (isTop) return this.#noDatabase(open, relative, native, stat, data);
    }
    this.#lookForSqlite(relative, native, names);
    return this.#plainFolder(open, relative, native, stat, names);
  }

  /** Opens a folder, and answers its own entry. */
  #plainFolder(
    open: OpenFolder[],
    relative: string,
    native: string,
    stat: fs.BigIntStats | null,
    names: readonly string[],
  ): ScanItem | null {
    for (const { name, why } of nameProblems(names)) this.#notPortable(joined(relative, name), why);
    const prefix = native.endsWith(path.sep) ? native : native + path.sep;
    open.push({ path: relative, prefix, names, next: 0 });
    if (stat === null || !this.#ownsFolder(relative)) return null;
    this.#notKept(relative, stat);
    return { kind: 'entry', path: relative, entry: scannedEntry(this.#source, relative, 'dir', stat) };
  }

  /** A database, whole or broken, as the files that it consists of. LOCK and LOG carry no data and are never opened. */
  #rawDatabase(
    open: OpenFolder[],
    relative: string,
    native: string,
    stat: fs.BigIntStats,
    names: readonly string[],
  ): ScanItem | null {
    this.#notes.finding(databaseNotProven(relative), relative);
    const data = names.filter((name) => !isVolatileFile(name));
    return this.#plainFolder(open, relative, native, stat, data);
  }

  /** The place of a database without one: LOCK and LOG, which an open leaves behind, are no state; whatever else is there is not proven. */
  #noDatabase(
    open: OpenFolder[],
    relative: string,
    native: string,
    stat: fs.BigIntStats,
    data: readonly string[],
  ): ScanItem | null {
    if (data.length > 0) this.#notes.finding(databaseNotProven(relative), relative);
    return this.#plainFolder(open, relative, native, stat, data);
  }

  /** Whether this source could own anything in a folder below its path. */
  #mayHold(relative: string, inner: string): boolean {
    if (this.#patterns.excludes(inner) || !this.#patterns.mayContain(inner)) return false;
    const takenBy = this.#options.ownership.takesWhole(relative);
    // An inner source that takes everything leaves only what is spelled out to others.
    return takenBy === undefined || takenBy === this.#source || this.#patterns.namesBelow(inner);
  }

  #named(open: OpenFolder[], relative: string, native: string, name: string): ScanItem | null {
    if (native === this.#project.repository || (!relative.includes('/') && foldKey(name) === STATE_FOLDER)) return null;
    const problem = pathProblem(relative);
    if (problem !== null) {
      if (this.#owns(relative))
        this.#notes.problem({ ...PROBLEM.name, message: `${PROBLEM.name.message}: ${problem}` }, relative);
      return null;
    }
    if (forbiddenPart(relative) !== null) return null;
    const stat = this.#look.stat(native, relative);
    if (stat !== null) return this.#child(open, relative, native, stat);
    if (this.#owns(relative) || this.#mayHold(relative, relativeTo(this.#source, relative)))
      this.#look.vanished(relative);
    return null;
  }

  #database(
    relative: string,
    native: string,
    stat: fs.BigIntStats,
    engine: Engine,
    names: readonly string[],
  ): ScanItem | null {
    if (!this.#owns(`${relative}/CURRENT`)) return null;
    this.#lookForSqlite(relative, native, names);
    const others = [scannedEntry(this.#source, relative, 'dir', stat)];
    const rest = engine === 'leveldb' ? names.filter((name) => !isEngineFile(name)) : names;
    for (const item of this.#below([{ path: relative, prefix: native + path.sep, names: rest, next: 0 }])) {
      if (item.kind === 'entry') others.push(item.entry);
      else this.#notes.problem(PROBLEM.nestedDatabase, item.path);
    }
    return { kind: 'database', path: relative, source: this.#source, dir: native, engine, others };
  }

  /** Names the databases of a folder that are stored and have unfinished writes beside them. */
  #lookForSqlite(relative: string, native: string, names: readonly string[]): void {
    for (const { name, journal } of besideJournals(names)) {
      const file = joined(relative, name);
      if (this.#owns(file) && isUnfinishedSqlite(path.join(native, name), path.join(native, journal)))
        this.#notes.finding(sqliteNotProven(file, journal), file);
    }
  }

  #owns(relative: string): boolean {
    return this.#alone || this.#options.ownership.ownerOf(relative) === this.#source;
  }

  #ownsFolder(relative: string): boolean {
    return this.#alone || this.#options.ownership.folderOwnerOf(relative) === this.#source;
  }

  #secret(relative: string): boolean {
    if (!this.#isSecret(relative)) return false;
    this.#notes.finding(secretLeftOut(relative), relative);
    return true;
  }

  #leaf(relative: string, native: string, stat: fs.BigIntStats): ScannedEntry | null {
    if (stat.isFile()) {
      this.#notKept(relative, stat);
      if (stat.nlink > 1n) this.#options.onHardLink?.(relative);
      return scannedEntry(this.#source, relative, 'file', stat);
    }
    if (stat.isSymbolicLink()) return this.#link(relative, native, stat);
    this.#notes.finding(specialFile(relative), relative);
    return null;
  }

  #link(relative: string, native: string, stat: fs.BigIntStats): ScannedEntry | null {
    const raw = this.#look.target(native, relative);
    if (raw === null) return null;
    const target = decodeName(raw);
    if (target === null) {
      this.#notes.problem(PROBLEM.linkBytes, relative);
      return null;
    }
    const unsafe = unsafeLink(relative, target);
    if (unsafe !== null) this.#notes.finding(unsafe, relative);
    return { ...scannedEntry(this.#source, relative, 'symlink', stat), target };
  }

  #notPortable(relative: string, why: string): void {
    if (this.#owns(relative)) this.#notes.finding(notPortable(relative, why), relative);
  }

  #notKept(relative: string, stat: fs.BigIntStats): void {
    if ((stat.mode & 0o7000n) !== 0n) this.#notes.finding(specialBits(relative), relative);
    if (!comesBack(stat.mtimeNs)) this.#notes.finding(timeNotKept(relative), relative);
  }
}
