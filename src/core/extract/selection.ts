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
import { plural } from '../model/plural.ts';
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
 * What `only` selects of a backup. It counts the entries while the index is read, and keeps none of them. After the last entry `require` says whether
 * the selection may be restored.
 */
export class Selection {
  entries = 0;
  bytes = 0;
  readonly #id: string;
  readonly #manifest: Manifest;
  readonly #options: SelectionOptions;
  readonly #filter: EntryFilter;
  /** The sources with at least one selected entry, by category. */
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

  /** Whether the entry may be created. A link that leads out of the project may not, unless that is allowed. */
  isSafe(entry: Entry): boolean {
    return this.#options.allowUnsafeLinks || entry.target === undefined || !leadsOut(entry.path, entry.target);
  }

  /** Counts the next entry of the index, and returns whether it is selected. */
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

  /** Whether anything is selected of this database, or of this folder that is restored whole. */
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
    // A restore of everything needs everything to be good, even the files of a backup that no category needs.
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

  /** Whether an error is about the selection: it names a category or a source that has selected entries, or that a term names. */
  #stands(finding: AnyFinding): boolean {
    const { category, source } = finding;
    if (category !== undefined && source !== undefined && this.#filter({ category, source, path: '' })) return true;
    for (const [name, sources] of this.#sources)
      if (concerns(name, finding) && (source === undefined || sources.has(source))) return true;
    return false;
  }
}

/** The databases of a backup that are files. Their parts are restored with them. */
export function fileDatabases(manifest: Manifest): DatabaseAt[] {
  return databasesAt(manifest).filter(({ engine }) => engineOf(engine).shape === 'file');
}

/** The databases of a backup, both those that were proven and those that were stored as plain files. */
export function databasesAt(manifest: Manifest): DatabaseAt[] {
  const proven = databasesOf(manifest).map(({ path, engine }) => ({ path, engine }));
  const raw = manifest.findings.flatMap(({ code, path, evidence }) => {
    const engine = ENGINES.find((name) => name === evidence?.['engine']);
    const isOne = code === ('database-not-proven' satisfies FindingCode) && path !== undefined && engine !== undefined;
    return isOne ? [{ path, engine }] : [];
  });
  return [...proven, ...raw];
}

/** The databases of a backup that are folders, both those that were proven and those that were stored as plain files. */
export function folderDatabases(manifest: Manifest): string[] {
  const raw = manifest.findings.flatMap(({ code, path, evidence }) => {
    // The finding about a file names its engine. The project itself is never a database, whatever a forged manifest states.
    const isFolder = code === ('database-not-proven' satisfies FindingCode) && evidence?.['engine'] === undefined;
    return isFolder && path !== undefined && path !== '.' ? [path] : [];
  });
  return [...provenFolders(manifest), ...raw];
}

function provenFolders(manifest: Manifest): string[] {
  return databasesOf(manifest).flatMap(({ path, engine }) => (engineOf(engine).shape === 'folder' ? [path] : []));
}

/** Folders that are restored whole: all databases that are folders, and the folders of exclusive sources. */
export function wholeFolders(manifest: Manifest): string[] {
  // If only a part of a folder was backed up, that says nothing about the rest of the folder.
  const isTaken = selectEntries(manifest.config.only, namedIn(manifest));
  const exclusive = Object.entries(manifest.categories).flatMap(([category, { sources }]) =>
    sources
      .filter(
        ({ exclusive: isWhole, path, name }) => isWhole && path !== '.' && isTaken({ category, source: name, path }),
      )
      .map(({ path }) => path),
  );
  return [...new Set([...exclusive, ...provenFolders(manifest)])];
}

function refuseLinks(unsafe: readonly Entry[]): void {
  const [first] = unsafe;
  if (first === undefined) return;
  const more = unsafe.length > 1 ? ` (and ${unsafe.length - 1} more)` : '';
  throw new BackupError(
    'UNSAFE_ARCHIVE',
    `${escapeName(first.path)} is a link that leads out of the project${more}: ${escapeName(first.target ?? '')}`,
    {
      hint: 'Nothing was changed. If you trust this backup, add --allow-unsafe-links.',
      path: first.path,
      details: { links: unsafe.map((entry) => entry.path) },
    },
  );
}

function notWhole(id: string, findings: readonly AnyFinding[]): BackupError {
  const more = findings.length > 1 ? ` (and ${plural(findings.length - 1, 'more problem')})` : '';
  return new BackupError('BACKUP_DAMAGED', `${id} does not verify: ${findings[0]?.message ?? ''}${more}`, {
    hint: `Nothing was changed. migbackup verify ${id} lists all problems. restore --only still works for categories that are whole.`,
    details: { findings },
  });
}

/** @param terms the terms of `--only`, or of another flag. Without any, the backup holds nothing at all */
export function nothingSelected(
  id: string,
  manifest: Manifest,
  terms: readonly string[],
  flag = '--only',
): BackupError {
  if (terms.length === 0)
    return new BackupError('NOTHING_SELECTED', 'this backup holds nothing', {
      hint: 'Choose another backup: migbackup list shows them.',
    });
  const spelled = terms.map((term) => `${flag} ${escapeName(term)}`).join(' ');
  return new BackupError('NOTHING_SELECTED', `${spelled} matches nothing in ${id}`, {
    hint: `Its categories are: ${Object.keys(manifest.categories).join(', ')}. migbackup show --files lists every path.`,
  });
}

function inParts(path: string, isDatabase: boolean): BackupError {
  const why = isDatabase ? 'a part of a database is useless' : 'its source is exclusive';
  return new BackupError('USAGE', `${escapeName(path)} can only be selected whole: ${why}`, {
    hint: `Use ${shellLine(['--only', pathWord(path)])}.`,
    path,
  });
}
