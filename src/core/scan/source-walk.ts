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
import type { Engine } from '../databases/engine.ts';
import { foreignDatabase } from '../databases/others.ts';
import { engineOf, isVolatilePath, recogniseFolder } from '../databases/engines.ts';
import { isSpelledOut, relativeTo } from './ownership.ts';
import { DatabaseFileSearch } from './database-file-search.ts';
import { openFolder, type OpenFolder } from './open-folder.ts';
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
  damagedDatabase,
  databaseForeign,
  databaseNotProven,
  notTheDatabase,
  unsafeLink,
} from './scan-messages.ts';
import type { SourcePatterns } from './source-patterns.ts';
import { WalkLook } from './walk-look.ts';

/** Walks what one source stores, in `comparePaths` order: names of a folder in byte order, a folder before what is in it. */
export class SourceWalk {
  readonly #project: Project;
  readonly #source: Source;
  readonly #options: ScanOptions;
  readonly #patterns: SourcePatterns;
  /** Whether this source owns everything below its path. Then no ownership is checked. */
  readonly #alone: boolean;
  readonly #isSecret: (path: string) => boolean;
  readonly #notes: ScanNotes;
  readonly #look: WalkLook;
  readonly #files: DatabaseFileSearch;

  constructor(project: Project, source: Source, options: ScanOptions) {
    this.#project = project;
    this.#source = source;
    this.#options = options;
    this.#notes = new ScanNotes(source, options);
    this.#look = new WalkLook(project.root, this.#notes, options.looks);
    this.#patterns = options.ownership.patternsOf(source);
    this.#alone = options.ownership.isAlone(source) && !this.#patterns.hasInclude && source.exclude.length === 0;
    this.#isSecret = project.config.includeSecrets ? () => false : secretMatcher(project.config.secrets);
    this.#files = new DatabaseFileSearch(project, source, options, this.#notes, this.#look, this.#isSecret);
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
    if (stat.isFile()) yield* this.#single(top, dir);
    else {
      const item = top === '.' ? this.#folder(open, '.', dir, null) : this.#child(open, top, dir, stat);
      if (item !== null) yield item;
      yield* this.#below(open);
    }
  }

  /** For a source that is one file: walks its folder as if there were nothing else in it. */
  #single(top: string, native: string): Generator<ScanItem> {
    const { dir, base } = path.posix.parse(top);
    return this.#below([openFolder(dir === '' ? '.' : dir, path.dirname(native), [base])]);
  }

  /** Walks the open folders, innermost first. It is one loop, because nested generators would hand every entry up level by level. */
  *#below(open: OpenFolder[]): Generator<ScanItem> {
    for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
      const name = folder.names[folder.next++];
      if (name === undefined) {
        open.pop();
        continue;
      }
      const part = folder.parts.get(name);
      if (part?.kind === 'part') yield part;
      if (part?.kind === 'nothing' || (part?.kind === 'part' && part.isOther !== true)) continue;
      const item = this.#named(open, joined(folder.path, name), folder.prefix + name, name);
      if (item !== null) yield item;
    }
  }

  /** The item at a path, if this source owns it. A folder is opened. */
  #child(open: OpenFolder[], relative: string, native: string, stat: fs.BigIntStats): ScanItem | null {
    if (stat.isDirectory()) return this.#folder(open, relative, native, stat);
    // A part of a database is stored with its file, even if the patterns do not match its name.
    const isPart = open.at(-1)?.parts.get(path.posix.basename(relative))?.kind === 'file';
    if ((!isPart && !this.#owns(relative)) || this.#secret(relative)) return null;
    const database = this.#files.find(open.at(-1), relative, native, stat);
    if (database !== undefined) return database;
    const entry = this.#leaf(relative, native, stat);
    if (entry?.type !== 'file') return entry && { kind: 'entry', path: relative, entry };
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
      const engine = recogniseFolder(native, names);
      this.#look.listed(relative, stat, engine !== null, names);
      const wanted = inner === '' && this.#source.type !== 'files' ? engineOf(this.#source.type) : null;
      const broken = engine === null && wanted?.isBroken(names) === true;
      if ((engine !== null || broken) && this.#options.databaseAsFiles?.(relative, this.#source) === true)
        return this.#rawFolder(open, relative, native, stat, names);
      if (wanted !== null && wanted !== engine) return this.#missed(open, wanted, relative, native, stat, names);
      if (engine !== null) return this.#database(relative, native, stat, engine, names);
      this.#sayForeign(relative, native, names);
    }
    return this.#plainFolder(open, relative, native, stat, names);
  }

  /** Opens a folder, and returns its own entry. */
  #plainFolder(
    open: OpenFolder[],
    relative: string,
    native: string,
    stat: fs.BigIntStats | null,
    names: readonly string[],
  ): ScanItem | null {
    for (const { name, why } of nameProblems(names)) this.#notPortable(joined(relative, name), why);
    open.push(openFolder(relative, native, names));
    if (stat === null || !this.#ownsFolder(relative)) return null;
    this.#notKept(relative, stat);
    return { kind: 'entry', path: relative, entry: scannedEntry(this.#source, relative, 'dir', stat) };
  }

  /** Takes a database, whole or broken, as plain files. Files that carry no data are skipped. */
  #rawFolder(
    open: OpenFolder[],
    relative: string,
    native: string,
    stat: fs.BigIntStats,
    names: readonly string[],
  ): ScanItem | null {
    this.#notes.finding(databaseNotProven(relative), relative);
    return this.#plainFolder(
      open,
      relative,
      native,
      stat,
      names.filter((name) => !isVolatilePath(name)),
    );
  }

  #sayForeign(relative: string, native: string, names: readonly string[]): void {
    const foreign = this.#notes.wantsFindings ? foreignDatabase(native, names) : null;
    if (foreign !== null && names.some((name) => this.#owns(joined(relative, name))))
      this.#notes.finding(databaseForeign(relative, foreign), relative);
  }

  /** No whole database is where the config expects one. An empty folder, or one with only the volatile files of an open, is stored as an empty folder. */
  #missed(
    open: OpenFolder[],
    wanted: Engine,
    relative: string,
    native: string,
    stat: fs.BigIntStats,
    names: readonly string[],
  ): ScanItem | null {
    if (names.every((name) => isVolatilePath(name))) return this.#plainFolder(open, relative, native, stat, []);
    const foreign = foreignDatabase(native, names);
    const isBroken = foreign === null && wanted.isBroken(names);
    if (foreign === null && !isBroken && !isSpelledOut(this.#project, this.#source))
      return this.#rawFolder(open, relative, native, stat, names);
    this.#notes.problem(isBroken ? damagedDatabase(wanted.title) : notTheDatabase(wanted.title, foreign), relative);
    return null;
  }

  /** Whether this source could own anything in a folder below its path. */
  #mayHold(relative: string, inner: string): boolean {
    if (this.#patterns.excludes(inner) || !this.#patterns.mayContain(inner)) return false;
    const takenBy = this.#options.ownership.takesWhole(relative);
    // If an inner source takes everything, other sources get only what their config names exactly.
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
    if (!this.#owns(engine.pathOf(relative, engine.marker))) return null;
    this.#notKept(relative, stat);
    const others = [scannedEntry(this.#source, relative, 'dir', stat)];
    const rest = names.filter((name) => engine.partOf(relative, joined(relative, name)) === null);
    for (const item of this.#below([openFolder(relative, native, rest)])) {
      if (item.kind === 'entry') others.push(item.entry);
      else if (item.kind === 'database') this.#notes.problem(PROBLEM.nestedDatabase, item.path);
    }
    return { kind: 'database', path: relative, source: this.#source, engine, place: native, others };
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
