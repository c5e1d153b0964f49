import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull } from '../fs/durable.ts';
import { decodeName, escapeBytes, escapeName } from '../fs/names.ts';
import { assertRealParents, foldKey, pathProblem, STATE_FOLDER, toNative } from '../fs/paths.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Category, Project, Source } from '../model/category.ts';
import { comparePaths, type ScannedEntry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { LEFT_OUT_FOLDERS, secretMatcher } from './left-out.ts';
import { isEngineFile, recogniseStore } from './leveldb/recognise.ts';
import { relativeTo, type Ownership } from './ownership.ts';
import { scannedEntry, type ScanItem, type ScanProblem } from './scan-item.ts';
import type { SourcePatterns } from './source-patterns.ts';

export interface ScanOptions {
  readonly ownership: Ownership;
  readonly onProblem: (problem: ScanProblem) => void;
  readonly onFinding?: ((finding: Finding) => void) | undefined;
}

/** Everything that one category stores, in `comparePaths` order; its sources are merged. One folder's names are in memory at a time. */
export function* scanCategory(project: Project, category: Category, options: ScanOptions): Generator<ScanItem> {
  const walks = category.sources.map((source) => new SourceWalk(project, source, options).run());
  const heads = walks.map((walk) => walk.next());
  for (;;) {
    let first = -1;
    for (const [at, head] of heads.entries()) {
      if (head.done) continue;
      const lead = first < 0 ? undefined : heads[first];
      if (lead === undefined || lead.done || comparePaths(head.value.path, lead.value.path) < 0) first = at;
    }
    const head = heads[first];
    const walk = walks[first];
    if (head === undefined || walk === undefined || head.done) return;
    yield head.value;
    heads[first] = walk.next();
  }
}

class SourceWalk {
  readonly #project: Project;
  readonly #source: Source;
  readonly #options: ScanOptions;
  readonly #patterns: SourcePatterns;
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
      this.#problem(error.code, top, error.message, error.hint, error);
      return;
    }
    const stat = this.#stat(dir, top);
    if (stat === null) {
      if (this.#source.required)
        this.#problem(
          'SOURCE_MISSING',
          top,
          'is required and does not exist',
          'Create it, or take "required" out of the config.',
        );
      return;
    }
    if (top === '.') yield* this.#folder('.', dir, null);
    else yield* this.#child(top, dir, stat);
  }

  *#child(relative: string, native: string, stat: fs.BigIntStats): Generator<ScanItem> {
    if (stat.isDirectory()) {
      yield* this.#folder(relative, native, stat);
      return;
    }
    if (!this.#owns(relative) || this.#secret(relative)) return;
    const entry = this.#leaf(relative, native, stat);
    if (entry !== null) yield { kind: 'entry', path: relative, entry };
  }

  *#folder(relative: string, native: string, stat: fs.BigIntStats | null): Generator<ScanItem> {
    const inner = relativeTo(this.#source, relative);
    if (relative !== '.' && inner !== '' && (this.#patterns.excludes(inner) || !this.#patterns.mayContain(inner)))
      return;
    const takenBy = this.#options.ownership.takesWhole(relative);
    if (takenBy !== undefined && takenBy !== this.#source) return;
    const names = this.#names(relative, native);
    if (names === null) return;
    if (relative !== '.' && stat !== null) {
      const engine = recogniseStore(native, names);
      if (engine !== null) {
        yield* this.#store(relative, native, stat, engine, names);
        return;
      }
      if (
        this.#source.type === 'leveldb' &&
        inner === '' &&
        names.some((name) => isEngineFile(name) && name !== 'LOCK' && !name.startsWith('LOG'))
      ) {
        this.#problem(
          'LEVELDB_DAMAGED',
          relative,
          'is a LevelDB store without a CURRENT or MANIFEST',
          'Repair it, or store it as it is with --raw.',
        );
        return;
      }
      if (this.#ownsFolder(relative))
        yield { kind: 'entry', path: relative, entry: scannedEntry(this.#source, relative, 'dir', stat) };
    }
    for (const name of names)
      yield* this.#named(relative === '.' ? name : `${relative}/${name}`, path.join(native, name), name);
  }

  *#named(relative: string, native: string, name: string): Generator<ScanItem> {
    if (native === this.#project.store || (foldKey(name) === STATE_FOLDER && !relative.includes('/'))) return;
    const problem = pathProblem(relative);
    if (problem !== null) {
      if (this.#owns(relative))
        this.#problem(
          'SOURCE_NAME',
          relative,
          `cannot be stored: ${problem}`,
          'Rename it, or exclude it in migbackup.config.json.',
        );
      return;
    }
    const stat = this.#stat(native, relative);
    if (stat === null) return;
    if (stat.isDirectory() && LEFT_OUT_FOLDERS.includes(foldKey(name))) return;
    yield* this.#child(relative, native, stat);
  }

  *#store(
    relative: string,
    native: string,
    stat: fs.BigIntStats,
    engine: 'leveldb' | 'rocksdb',
    names: readonly string[],
  ): Generator<ScanItem> {
    if (!this.#owns(`${relative}/CURRENT`)) return;
    const others = [scannedEntry(this.#source, relative, 'dir', stat)];
    for (const name of names) {
      if (engine === 'leveldb' && isEngineFile(name)) continue;
      for (const item of this.#named(`${relative}/${name}`, path.join(native, name), name)) {
        if (item.kind === 'entry') others.push(item.entry);
        else
          this.#problem(
            'LEVELDB_FOREIGN',
            item.path,
            'is a store inside another store',
            'Move it out of the other store.',
          );
      }
    }
    yield { kind: 'store', path: relative, source: this.#source, dir: native, engine, others };
  }

  #owns(relative: string): boolean {
    if (this.#alone) return true;
    return this.#options.ownership.ownerOf(relative) === this.#source;
  }

  #ownsFolder(relative: string): boolean {
    if (this.#alone) return true;
    return this.#options.ownership.folderOwnerOf(relative) === this.#source;
  }

  #secret(relative: string): boolean {
    if (!this.#isSecret(relative)) return false;
    this.#options.onFinding?.({
      code: 'secret-left-out',
      severity: 'info',
      message: `${escapeName(relative)} may hold secrets and is left out`,
      path: relative,
      category: this.#source.category,
      source: this.#source.name,
      recommendation: relative.startsWith('cache/')
        ? 'forge script --resume will not work from this backup; set "includeSecrets" to take it along.'
        : 'Keep it somewhere safe yourself, or set "includeSecrets" in migbackup.config.json.',
    });
    return true;
  }

  /** The names in a folder in byte order; those that are not UTF-8 are problems. Null: it cannot be listed. */
  #names(relative: string, native: string): string[] | null {
    let raw: Buffer[];
    try {
      raw = fs.readdirSync(native, { encoding: 'buffer' });
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT')
        this.#problem(
          'SOURCE_CHANGED',
          relative,
          'vanished while it was being read',
          'Stop what is writing there, then try again.',
          cause,
        );
      else
        this.#problem(
          'SOURCE_UNREADABLE',
          relative,
          `cannot be listed (${errnoOf(cause)})`,
          'Run as a user who may read it, or change its permissions.',
          cause,
        );
      return null;
    }
    const names: string[] = [];
    for (const bytes of raw.toSorted((a, b) => a.compare(b))) {
      const name = decodeName(bytes);
      if (name !== null) names.push(name);
      else if (this.#alone || this.#owns(`${relative}/x`)) {
        this.#problem(
          'SOURCE_NAME',
          `${relative}/${escapeBytes(bytes)}`,
          'has a name that is not UTF-8',
          'Rename it: such a name cannot be stored truthfully.',
        );
      }
    }
    return names;
  }

  #stat(native: string, relative: string): fs.BigIntStats | null {
    try {
      return lstatOrNull(native);
    } catch (cause) {
      this.#problem(
        'SOURCE_UNREADABLE',
        relative,
        `cannot be looked at (${errnoOf(cause)})`,
        'Run as a user who may read it, or change its permissions.',
        cause,
      );
      return null;
    }
  }

  #leaf(relative: string, native: string, stat: fs.BigIntStats): ScannedEntry | null {
    if (stat.isFile()) return scannedEntry(this.#source, relative, 'file', stat);
    if (stat.isSymbolicLink()) {
      const target = decodeName(fs.readlinkSync(native, { encoding: 'buffer' }));
      if (target === null) {
        this.#problem(
          'SOURCE_NAME',
          relative,
          'is a link whose target is not UTF-8',
          'Make the link anew with a target that is UTF-8.',
        );
        return null;
      }
      return { ...scannedEntry(this.#source, relative, 'symlink', stat), target };
    }
    this.#options.onFinding?.({
      code: 'special-file',
      severity: 'warning',
      message: `${escapeName(relative)} is a special file (fifo, socket or device) and is left out`,
      path: relative,
      category: this.#source.category,
      source: this.#source.name,
      recommendation: 'Nothing to do unless something depends on it: make it anew after a restore.',
    });
    return null;
  }

  #problem(code: ScanProblem['code'], relative: string, message: string, hint: string, cause?: unknown): void {
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
