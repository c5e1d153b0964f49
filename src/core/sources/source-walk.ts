import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { decodeName, escapeBytes } from '../fs/names.ts';
import { forbiddenPart, assertRealParents, foldKey, pathProblem, STATE_FOLDER, toNative } from '../fs/paths.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Project, Source } from '../model/category.ts';
import type { ScannedEntry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { settledState } from './file-state.ts';
import { listNames } from './folder-names.ts';
import { secretMatcher } from './left-out.ts';
import { isEngineFile, isVolatileFile, recogniseStore, type Engine } from './leveldb/recognise.ts';
import { relativeTo, type Ownership } from './ownership.ts';
import { scannedEntry, type ScanItem, type ScanProblem } from './scan-item.ts';
import {
  PROBLEM,
  secretLeftOut,
  sourceIsLink,
  specialBits,
  specialFile,
  sqliteNotProven,
  storeNotProven,
  toFinding,
  unsafeLink,
} from './scan-messages.ts';
import type { SourcePatterns } from './source-patterns.ts';
import { besideJournals, isUnfinishedSqlite } from './sqlite.ts';

export interface ScanOptions {
  readonly ownership: Ownership;
  readonly onProblem: (problem: ScanProblem) => void;
  readonly onFinding?: ((finding: Finding) => void) | undefined;
  /** Which stores are taken as the plain files they consist of, unproven; undefined: none. */
  readonly storeAsFiles?: ((path: string, source: Source) => boolean) | undefined;
}

type ProblemText = Pick<ScanProblem, 'code' | 'message' | 'hint'>;

/** Walks what one source stores, in `comparePaths` order: names of a folder in byte order, a folder before what is in it. */
export class SourceWalk {
  readonly #project: Project;
  readonly #source: Source;
  readonly #options: ScanOptions;
  readonly #patterns: SourcePatterns;
  /** Nothing else claims a file below the source's path: then ownership need not be asked for each. */
  readonly #alone: boolean;
  readonly #isSecret: (path: string) => boolean;

  constructor(project: Project, source: Source, options: ScanOptions) {
    this.#project = project;
    this.#source = source;
    this.#options = options;
    this.#patterns = options.ownership.patternsOf(source);
    this.#alone = options.ownership.isAlone(source) && !this.#patterns.hasInclude && source.exclude.length === 0;
    this.#isSecret = project.config.includeSecrets ? () => false : secretMatcher(project.config.secrets);
  }

  *run(): Generator<ScanItem> {
    const { path: top } = this.#source;
    const dir = toNative(this.#project.root, top);
    try {
      assertRealParents(this.#project.root, top);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      this.#problem(error, top, error);
      return;
    }
    const stat = this.#stat(dir, top);
    if (stat === null) {
      if (this.#source.required) this.#problem(PROBLEM.missing, top);
      return;
    }
    if (stat.isSymbolicLink()) this.#finding(sourceIsLink(top), top);
    if (top === '.') yield* this.#folder('.', dir, null);
    else yield* this.#child(top, dir, stat);
    if (stat.isFile())
      this.#lookForSqlite(path.posix.dirname(top), path.dirname(dir), fs.readdirSync(path.dirname(dir)));
  }

  *#child(relative: string, native: string, stat: fs.BigIntStats): Generator<ScanItem> {
    if (stat.isDirectory()) {
      yield* this.#folder(relative, native, stat);
      return;
    }
    if (!this.#owns(relative) || this.#secret(relative)) return;
    const entry = this.#leaf(relative, native, stat);
    if (entry === null) return;
    const state = entry.type === 'file' ? settledState(stat, Date.now()) : undefined;
    yield { kind: 'entry', path: relative, entry, ...(state === undefined ? {} : { state }) };
  }

  /** `stat` is null for the project itself, which is never an entry. */
  *#folder(relative: string, native: string, stat: fs.BigIntStats | null): Generator<ScanItem> {
    const inner = relativeTo(this.#source, relative);
    const below = stat !== null && inner !== '';
    if (below && !this.#mayHold(relative, inner)) return;
    const names = this.#names(relative, native);
    if (names === null) return;
    if (stat !== null) {
      const engine = recogniseStore(native, names);
      const headless = engine === null && this.#source.type === 'leveldb' && inner === '' && names.some(isDataFile);
      if ((engine !== null || headless) && this.#options.storeAsFiles?.(relative, this.#source) === true) {
        yield* this.#rawStore(relative, native, stat, names);
        return;
      }
      if (engine !== null) {
        yield* this.#store(relative, native, stat, engine, names);
        return;
      }
      if (headless) {
        this.#problem(PROBLEM.damagedStore, relative);
        return;
      }
    }
    this.#lookForSqlite(relative, native, names);
    yield* this.#plainFolder(relative, native, stat, names);
  }

  *#plainFolder(
    relative: string,
    native: string,
    stat: fs.BigIntStats | null,
    names: readonly string[],
  ): Generator<ScanItem> {
    if (stat !== null && this.#ownsFolder(relative)) {
      this.#specialBits(relative, stat);
      yield { kind: 'entry', path: relative, entry: scannedEntry(this.#source, relative, 'dir', stat) };
    }
    const prefix = native.endsWith(path.sep) ? native : native + path.sep;
    for (const name of names) yield* this.#named(joined(relative, name), prefix + name, name);
  }

  /** A store, whole or broken, as the files that it consists of. LOCK and LOG carry no data and are never opened. */
  *#rawStore(relative: string, native: string, stat: fs.BigIntStats, names: readonly string[]): Generator<ScanItem> {
    this.#finding(storeNotProven(relative), relative);
    yield* this.#plainFolder(
      relative,
      native,
      stat,
      names.filter((name) => !isVolatileFile(name)),
    );
  }

  /** Whether this source could own anything in a folder below its path. */
  #mayHold(relative: string, inner: string): boolean {
    if (this.#patterns.excludes(inner) || !this.#patterns.mayContain(inner)) return false;
    const takenBy = this.#options.ownership.takesWhole(relative);
    // An inner source that takes everything leaves only what is spelled out to others.
    return takenBy === undefined || takenBy === this.#source || this.#patterns.namesBelow(inner);
  }

  *#named(relative: string, native: string, name: string): Generator<ScanItem> {
    if (native === this.#project.store || (!relative.includes('/') && foldKey(name) === STATE_FOLDER)) return;
    const problem = pathProblem(relative);
    if (problem !== null) {
      if (this.#owns(relative))
        this.#problem({ ...PROBLEM.name, message: `${PROBLEM.name.message}: ${problem}` }, relative);
      return;
    }
    const stat = this.#stat(native, relative);
    if (stat === null) return;
    if (forbiddenPart(relative) !== null) return;
    yield* this.#child(relative, native, stat);
  }

  *#store(
    relative: string,
    native: string,
    stat: fs.BigIntStats,
    engine: Engine,
    names: readonly string[],
  ): Generator<ScanItem> {
    if (!this.#owns(`${relative}/CURRENT`)) return;
    this.#lookForSqlite(relative, native, names);
    const others = [scannedEntry(this.#source, relative, 'dir', stat)];
    for (const name of names) {
      if (engine === 'leveldb' && isEngineFile(name)) continue;
      for (const item of this.#named(joined(relative, name), path.join(native, name), name)) {
        if (item.kind === 'entry') others.push(item.entry);
        else this.#problem(PROBLEM.nestedStore, item.path);
      }
    }
    yield { kind: 'store', path: relative, source: this.#source, dir: native, engine, others };
  }

  /** Names the databases of a folder that are stored and have unfinished writes beside them. */
  #lookForSqlite(relative: string, native: string, names: readonly string[]): void {
    for (const { name, journal } of besideJournals(names)) {
      const file = joined(relative, name);
      if (this.#owns(file) && isUnfinishedSqlite(path.join(native, name), path.join(native, journal)))
        this.#finding(sqliteNotProven(file, journal), file);
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
    this.#finding(secretLeftOut(relative), relative);
    return true;
  }

  /** The names in a folder in byte order; those that are not UTF-8 are problems. Null: it cannot be listed. */
  #names(relative: string, native: string): readonly string[] | null {
    try {
      const { names, undecodable } = listNames(native);
      for (const bytes of undecodable) {
        // Patterns see it with replacement characters: near enough to tell whether it would have been stored.
        if (this.#owns(joined(relative, bytes.toString('utf8'))))
          this.#problem(PROBLEM.nameBytes, joined(relative, escapeBytes(bytes)));
      }
      return names;
    } catch (cause) {
      this.#problem(
        errnoOf(cause) === 'ENOENT' ? PROBLEM.vanished : withErrno(PROBLEM.unlistable, cause),
        relative,
        cause,
      );
      return null;
    }
  }

  #stat(native: string, relative: string): fs.BigIntStats | null {
    try {
      return lstatOrNull(native);
    } catch (cause) {
      this.#problem(withErrno(PROBLEM.unreadable, cause), relative, cause);
      return null;
    }
  }

  #leaf(relative: string, native: string, stat: fs.BigIntStats): ScannedEntry | null {
    if (stat.isFile()) this.#specialBits(relative, stat);
    if (stat.isFile()) return scannedEntry(this.#source, relative, 'file', stat);
    if (stat.isSymbolicLink()) return this.#link(relative, native, stat);
    this.#finding(specialFile(relative), relative);
    return null;
  }

  #link(relative: string, native: string, stat: fs.BigIntStats): ScannedEntry | null {
    let raw: Buffer;
    try {
      raw = fs.readlinkSync(native, { encoding: 'buffer' });
    } catch (cause) {
      this.#problem(PROBLEM.unlinked, relative, cause);
      return null;
    }
    const target = decodeName(raw);
    if (target === null) {
      this.#problem(PROBLEM.linkBytes, relative);
      return null;
    }
    const unsafe = unsafeLink(relative, target);
    if (unsafe !== null) this.#finding(unsafe, relative);
    return { ...scannedEntry(this.#source, relative, 'symlink', stat), target };
  }

  #specialBits(relative: string, stat: fs.BigIntStats): void {
    if ((stat.mode & 0o7000n) !== 0n) this.#finding(specialBits(relative), relative);
  }

  #finding(text: Parameters<typeof toFinding>[0], relative: string): void {
    this.#options.onFinding?.(toFinding(text, relative, this.#source.category, this.#source.name));
  }

  #problem({ code, message, hint }: ProblemText, relative: string, cause?: unknown): void {
    this.#options.onProblem({
      code,
      path: relative,
      message,
      hint,
      category: this.#source.category,
      source: this.#source.name,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

function joined(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`;
}

function isDataFile(name: string): boolean {
  return isEngineFile(name) && !isVolatileFile(name);
}

function withErrno(text: ProblemText, cause: unknown): ProblemText {
  return { ...text, message: `${text.message} (${errnoOf(cause)})` };
}
