import { BackupError } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import { engineOf, type DatabaseAt } from '../databases/engines.ts';
import { namedIn, selectEntries, type EntryFilter } from '../scan/terms.ts';
import { ENGINES } from '../model/engine-name.ts';
import type { AnyFinding } from '../model/finding.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import { pathWord, shellLine } from '../model/shell-quote.ts';
import { databasesOf } from '../model/stated-databases.ts';
import type { Manifest } from '../model/manifest.ts';
import { escapeName } from '../paths/names.ts';
import { leadsOut } from '../paths/paths.ts';
import { concerns } from '../audit/status.ts';

export interface SelectionOptions {
  /** Category, category/source, path or glob; none means everything. */
  readonly only: readonly string[];
  /** Also make links that are absolute or lead out of the project. */
  readonly allowUnsafeLinks: boolean;
}

/**
 * What `only` selects of a backup, counted while its index passes by: no entry is kept. When all have passed, `require` says whether that
 * may be restored.
 */
export class Selection {
  entries = 0;
  bytes = 0;
  readonly #id: string;
  readonly #manifest: Manifest;
  readonly #options: SelectionOptions;
  readonly #filter: EntryFilter;
  /** The sources that something is wanted of, by category. */
  readonly #sources = new Map<string, Set<string>>();
  readonly #databases: Map<string, { wanted: number; all: number }>;
  /** Path of a part of a database that is a file -> path of the database. */
  readonly #parts: ReadonlyMap<string, string>;
  readonly #unsafeLinks: Entry[] = [];

  constructor(id: string, manifest: Manifest, options: SelectionOptions) {
    this.#id = id;
    this.#manifest = manifest;
    this.#options = options;
    const files = fileDatabases(manifest);
    this.#filter = selectEntries(options.only, namedIn(manifest), databasesAt(manifest));
    const whole = [...wholeFolders(manifest), ...files.map((database) => database.path)];
    this.#databases = new Map(whole.map((path) => [path, { wanted: 0, all: 0 }]));
    this.#parts = new Map(
      files.flatMap(({ path, engine: name }) => {
        const engine = engineOf(name);
        return (engine.parts ?? []).map((part) => [engine.pathOf(path, part), path] as const);
      }),
    );
  }

  /** Whether the entry is selected. */
  has(entry: Entry): boolean {
    return this.#filter(entry);
  }

  /** Whether it may be made: not so a link that leads out, unless that is allowed. */
  isSafe(entry: Entry): boolean {
    return this.#options.allowUnsafeLinks || entry.target === undefined || !leadsOut(entry.path, entry.target);
  }

  /** Counts the next entry of the index; answers whether it is selected. */
  count(entry: Entry): boolean {
    const has = this.has(entry);
    for (const [database, counts] of this.#databases) {
      if (!entry.path.startsWith(`${database}/`) && this.#parts.get(entry.path) !== database) continue;
      counts.all++;
      if (has) counts.wanted++;
    }
    if (!has) return false;
    this.entries++;
    this.bytes += entry.size;
    const sources = this.#sources.get(entry.category);
    if (sources === undefined) this.#sources.set(entry.category, new Set([entry.source]));
    else sources.add(entry.source);
    if (!this.isSafe(entry)) this.#unsafeLinks.push(entry);
    return true;
  }

  /** Whether anything of what is restored whole is wanted. */
  hasDatabase(database: string): boolean {
    return (this.#databases.get(database)?.wanted ?? 0) > 0;
  }

  /**
   * Throws BACKUP_DAMAGED if what is selected is not whole (with `only`, findings elsewhere do not block), NOTHING_SELECTED if the terms match
   * nothing, USAGE if they cut a database or the folder of an exclusive source in two, UNSAFE_ARCHIVE for links that lead out.
   */
  require(findings: readonly AnyFinding[]): void {
    const { only } = this.#options;
    const errors = findings.filter((finding) => finding.severity === 'error');
    // A restore of everything rests on everything, also on what verify says about files that no category needs.
    if (only.length === 0 && errors.length > 0) throw notWhole(this.#id, errors);
    const names = Object.keys(this.#manifest.categories);
    const all = errors.filter(({ source }) => source === undefined);
    if (names.length > 0 && names.every((name) => all.some((finding) => concerns(name, finding))))
      throw notWhole(this.#id, errors);
    const inTheWay = errors.filter((finding) => this.#stands(finding));
    if (inTheWay.length > 0) throw notWhole(this.#id, inTheWay);
    // A safety backup may hold nothing but the names of what was not there.
    const onlyAbsent = only.length === 0 && (this.#manifest.absent ?? []).length > 0;
    if (this.entries === 0 && !onlyAbsent) throw nothingSelected(this.#id, this.#manifest, only);
    for (const [database, counts] of this.#databases)
      if (counts.wanted > 0 && counts.wanted < counts.all)
        throw inParts(
          database,
          databasesAt(this.#manifest).some(({ path }) => path === database),
        );
    refuseLinks(this.#unsafeLinks);
  }

  /** Whether an error is about what was selected: its category, or its source if it names one, has something in it or was asked for. */
  #stands(finding: AnyFinding): boolean {
    const { category, source } = finding;
    if (category !== undefined && source !== undefined && this.#filter({ category, source, path: '' })) return true;
    for (const [name, sources] of this.#sources)
      if (concerns(name, finding) && (source === undefined || sources.has(source))) return true;
    return false;
  }
}

/** Databases of a backup that are files, whether they were proven or taken as they are: their parts go with them. */
export function fileDatabases(manifest: Manifest): DatabaseAt[] {
  return databasesAt(manifest).filter(({ engine }) => engineOf(engine).shape === 'file');
}

/** Databases of a backup, proven or taken as they are. */
export function databasesAt(manifest: Manifest): DatabaseAt[] {
  const proven = databasesOf(manifest).map(({ path, engine }) => ({ path, engine }));
  const raw = manifest.findings.flatMap(({ code, path, evidence }) => {
    const engine = ENGINES.find((name) => name === evidence?.['engine']);
    const isOne = code === ('database-not-proven' satisfies FindingCode) && path !== undefined && engine !== undefined;
    return isOne ? [{ path, engine }] : [];
  });
  return [...proven, ...raw];
}

/** Folders that are restored whole: databases wherever they stand, and sources that own their folder. */
export function wholeFolders(manifest: Manifest): string[] {
  // What was taken of a part of a folder says nothing about the rest of it.
  const isTaken = selectEntries(manifest.config.only, namedIn(manifest));
  const exclusive = Object.entries(manifest.categories).flatMap(([category, { sources }]) =>
    sources
      .filter(
        ({ exclusive: isWhole, path, name }) => isWhole && path !== '.' && isTaken({ category, source: name, path }),
      )
      .map(({ path }) => path),
  );
  const databases = databasesOf(manifest)
    .filter(({ engine }) => engineOf(engine).shape === 'folder')
    .map((database) => database.path);
  return [...new Set([...exclusive, ...databases])];
}

function refuseLinks(unsafe: readonly Entry[]): void {
  const [first] = unsafe;
  if (first === undefined) return;
  const more = unsafe.length > 1 ? ` (and ${unsafe.length - 1} more)` : '';
  throw new BackupError(
    'UNSAFE_ARCHIVE',
    `${escapeName(first.path)} is a link out of the project${more}: ${escapeName(first.target ?? '')}`,
    {
      hint: 'Nothing was changed. If you trust this backup, add --allow-unsafe-links.',
      path: first.path,
      details: { links: unsafe.map((entry) => entry.path) },
    },
  );
}

function notWhole(id: string, findings: readonly AnyFinding[]): BackupError {
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more problems)` : '';
  return new BackupError('BACKUP_DAMAGED', `${id} does not verify: ${findings[0]?.message ?? ''}${more}`, {
    hint: `Nothing was changed. migbackup verify ${id} shows everything; restore --only works for categories that are whole.`,
    details: { findings },
  });
}

/** @param terms of `--only`; none: the backup holds nothing at all */
export function nothingSelected(id: string, manifest: Manifest, terms: readonly string[]): BackupError {
  if (terms.length === 0)
    return new BackupError('NOTHING_SELECTED', 'this backup holds nothing', {
      hint: 'Choose another: migbackup list.',
    });
  const spelled = terms.map((term) => `--only ${escapeName(term)}`).join(' ');
  return new BackupError('NOTHING_SELECTED', `${spelled} matches nothing in ${id}`, {
    hint: `Its categories are: ${Object.keys(manifest.categories).join(', ')}. migbackup show --files lists every path.`,
  });
}

function inParts(path: string, isDatabase: boolean): BackupError {
  const why = isDatabase ? 'a part of it is no database' : 'its source is exclusive';
  return new BackupError('USAGE', `${escapeName(path)} is restored whole or not at all: ${why}`, {
    hint: `Use ${shellLine(['--only', pathWord(path)])}.`,
    path,
  });
}
