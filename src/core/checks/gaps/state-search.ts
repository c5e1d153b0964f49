import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { Pacer } from '../../concurrency/pacer.ts';
import { readFully } from '../../databases/database-files.ts';
import { isVolatilePath } from '../../databases/engines.ts';
import { openRegular } from '../../fs/regular-file.ts';
import { errnoOf, throwIfInterrupted } from '../../model/backup-error.ts';
import { parseId } from '../../format/id.ts';
import { LOCK_FILE } from '../../format/layout.ts';
import type { Project, SourceType } from '../../model/category.ts';
import { joined, parentOf, toNative } from '../../paths/paths.ts';
import { isHarmless } from '../../scan/left-out.ts';
import type { JsonKind } from '../../records/address-book.ts';
import type { Ownership } from '../../scan/ownership.ts';
import { type DatabaseHere, databaseFile, databaseFolder, isPart, PARTS } from './database-here.ts';
import {
  isForeignFolder,
  isRebuiltFolder,
  isTestFolder,
  leavesProject,
  KindsOfFolder,
  mayHoldRecords,
  type NamedKind,
  rootOf,
} from './state-kinds.ts';

/** Something that is in no category and looks like state: a database, or one file. */
export interface FoundState {
  /** What it is, as a message names it. */
  readonly what: string;
  /** The category that a source for it belongs to. */
  readonly category: string;
  readonly type: SourceType;
  readonly external: boolean;
  /** `key` if there is no other way to what it gives access to. */
  readonly secret: 'key' | 'other' | null;
  /** The file or folder that all of it is in, and the glob of what in there belongs to it: null if everything does. */
  readonly root: string;
  readonly include: string | null;
  /** Project-relative. A database that is a folder has its files here. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Whether it stands where tests keep their inputs. */
  readonly isOfTests: boolean;
}

export interface StateSearch {
  readonly found: readonly FoundState[];
  /** How many files no category holds right in each folder; a database that is a folder counts as one file of the folder above. */
  readonly files: ReadonlyMap<string, number>;
  /** Paths that cannot be looked into: this user may not, or the name is not UTF-8. */
  readonly unread: readonly string[];
  /** Links to what is outside of the project: no search and no backup follows them. */
  readonly links: readonly string[];
}

interface Folder {
  readonly relative: string;
  readonly native: string;
  /** Whether it can be made again. */
  readonly rebuilt: boolean;
  readonly isOfTests: boolean;
}

/** A JSON file whose content decides what it is. */
interface Candidate {
  readonly file: string;
  readonly bytes: number;
  /** What its name says that it is. */
  readonly kind: NamedKind | undefined;
}

/** Where registries are kept: a folder below, for example `deployments/test`, is no folder of tests. */
const OF_STATE = /^(?:deployments?|\.openzeppelin|broadcast|ignition|publish|addresses)/i;
type KindOf = (path: string, bytes: Buffer, isWhole: boolean) => JsonKind;

/** A JSON file that is bigger than this is not parsed: its beginning shows whether there are addresses in it. */
const MAX_PARSED_BYTES = 16 << 20;
const START_BYTES = 1 << 20;

/**
 * Looks through a project for state that no category holds: databases wherever they are and whatever they are called, files with the names that presets
 * know, and JSON files that record addresses on a chain. Reads the first bytes of files that may be databases, and JSON files. Throws INTERRUPTED.
 */
export async function searchState(project: Project, ownership: Ownership, signal?: AbortSignal): Promise<StateSearch> {
  const search = new Search(project, ownership);
  const pacer = new Pacer();
  const turn = async (): Promise<void> => {
    if (!pacer.due()) return;
    throwIfInterrupted(signal);
    await pacer.turn();
  };
  const open: Folder[] = [{ relative: '.', native: project.root, rebuilt: false, isOfTests: false }];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    open.push(...search.visit(folder));
    await turn();
  }
  if (search.candidates.length > 0) {
    const { kindOfJson } = await import('../../records/address-book.ts');
    for (const candidate of search.candidates) {
      search.judge(candidate, kindOfJson);
      await turn();
    }
  }
  return search;
}

class Search implements StateSearch {
  readonly found: FoundState[] = [];
  readonly files = new Map<string, number>();
  readonly unread: string[] = [];
  readonly links: string[] = [];
  readonly candidates: Candidate[] = [];
  readonly #project: Project;
  readonly #ownership: Ownership;
  readonly #ignored: (path: string) => boolean;

  constructor(project: Project, ownership: Ownership) {
    this.#project = project;
    this.#ownership = ownership;
    const ignore = project.config.ignore.map((pattern) => pattern.replace(/\/+$/, ''));
    this.#ignored = ignore.length === 0 ? () => false : picomatch(ignore, { dot: true });
  }

  /** Notes what is right in a folder, and returns the folders in it. */
  visit(folder: Folder): Folder[] {
    const { relative, native, rebuilt } = folder;
    if (this.#ownership.takesAllIn(relative)) return [];
    const entries = this.#list(folder);
    const names = entries.map(({ name }) => name);
    // Backups that this project keeps elsewhere now, or that another one keeps here.
    if (names.includes(LOCK_FILE) && names.some((name) => parseId(name) !== null)) return [];
    // Made at the first file that no category holds: most folders have none, and the globs of presets take milliseconds to compile.
    let made: KindsOfFolder | undefined;
    const kinds = (): KindsOfFolder => (made ??= new KindsOfFolder(relative, rebuilt));
    const database = databaseFolder(native, names);
    if (database !== null && this.#isGap(joined(relative, database.marker))) {
      this.#addFolder(folder, database, entries);
      // A project is more than the database that was put into its own folder.
      if (relative !== '.') return [];
    }
    const known = new Set(names);
    // What is called like build output there was written by hand.
    const inSources = relative.split('/').includes('src');
    const below: Folder[] = [];
    for (const entry of entries) {
      const child = joined(relative, entry.name);
      const full = path.join(native, entry.name);
      if (full === this.#project.repository || this.#ignored(child)) continue;
      // A name that is not UTF-8 has this in place of its bytes, and leads nowhere.
      if (entry.name.includes('\uFFFD')) this.unread.push(child);
      if (entry.isDirectory()) {
        if (isForeignFolder(entry.name)) continue;
        below.push({
          relative: child,
          native: full,
          rebuilt: rebuilt || (!inSources && isRebuiltFolder(entry.name, known)),
          isOfTests:
            folder.isOfTests || (isTestFolder(entry.name) && !child.split('/').some((part) => OF_STATE.test(part))),
        });
      } else if (entry.isFile() && this.#isGap(child)) this.#lookAt(folder, child, full, known, kinds);
      else if (entry.isSymbolicLink()) this.#lookAtLink(folder, child, full);
    }
    return below;
  }

  #lookAtLink({ rebuilt, isOfTests }: Folder, link: string, native: string): void {
    const isInput = rebuilt || isOfTests;
    if (!isInput && this.#isGap(link) && leavesProject(this.#project.root, native)) this.links.push(link);
  }

  #isGap(file: string): boolean {
    return this.#ownership.ownerOf(file) === undefined;
  }

  #list({ relative, native }: Folder): fs.Dirent[] {
    try {
      return fs.readdirSync(native, { withFileTypes: true });
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (errno !== 'ENOENT') this.unread.push(relative);
      return [];
    }
  }

  #addFolder(
    { relative, native, isOfTests }: Folder,
    { title, type }: DatabaseHere,
    entries: readonly fs.Dirent[],
  ): void {
    const isProject = relative === '.';
    const names = entries.flatMap((entry) => (entry.isFile() && !isVolatilePath(entry.name) ? entry.name : []));
    const files = isProject ? names.filter(isPart) : names;
    if (!isProject) this.#count(parentOf(relative));
    this.found.push({
      ...DATABASE,
      what: title,
      // A source of such a type has a folder of its own.
      type: isProject ? 'files' : type,
      root: relative,
      include: isProject ? PARTS : null,
      files: files.map((name) => joined(relative, name)),
      bytes: files.reduce((sum, name) => sum + sizeOf(path.join(native, name)), 0),
      isOfTests,
    });
  }

  #count(folder: string): void {
    this.files.set(folder, (this.files.get(folder) ?? 0) + 1);
  }

  #lookAt(
    { relative, rebuilt, isOfTests }: Folder,
    file: string,
    native: string,
    names: ReadonlySet<string>,
    kinds: () => KindsOfFolder,
  ): void {
    this.#count(relative);
    const bytes = sizeOf(native);
    const database = databaseFile(native, bytes, names);
    if (database !== null) {
      this.found.push({
        ...DATABASE,
        what: database.title,
        type: database.type,
        root: file,
        files: [file],
        bytes,
        isOfTests,
      });
      return;
    }
    const name = path.posix.basename(file);
    const kind = kinds().of(name);
    // A key is one wherever it is.
    if (isOfTests && kind?.isSecret !== true) return;
    if (name.toLowerCase().endsWith('.json') && kind?.isSecret !== true) {
      if (kind !== undefined || mayHoldRecords(relative, name, rebuilt)) this.candidates.push({ file, bytes, kind });
    } else if (kind !== undefined && !(kind.isSecret && isHarmless(file))) this.#addNamed(file, bytes, kind, isOfTests);
  }

  #addNamed(file: string, bytes: number, kind: NamedKind, isOfTests = false): void {
    const { path: root, include } = rootOf(file, kind);
    const { what, category, external, isSecret, isKey } = kind;
    const secret = isKey ? 'key' : isSecret ? 'other' : null;
    const about = { what, category, external, secret, root, include } as const;
    this.found.push({ ...about, type: 'files', files: [file], bytes, isOfTests });
  }

  /** Reads a JSON file and decides what it is. One that cannot be read is what its name says. */
  judge({ file, bytes, kind }: Candidate, kindOf: KindOf): void {
    const content = startOf(toNative(this.#project.root, file), bytes > MAX_PARSED_BYTES ? START_BYTES : bytes);
    const is = content === null ? 'unknown' : kindOf(file, content, content.length >= bytes);
    if (kind !== undefined && is !== 'other' && !(kind.isCommon && is === 'none')) this.#addNamed(file, bytes, kind);
    else if (is === 'registry') this.found.push({ ...REGISTRY, root: file, files: [file], bytes });
  }
}

/** What JSON files that record addresses have in common. */
const REGISTRY = {
  what: 'addresses on a chain',
  category: 'registries',
  type: 'files',
  external: false,
  secret: null,
  include: null,
  isOfTests: false,
} as const;

/** What all databases have in common. */
const DATABASE = { category: 'databases', external: false, secret: null, include: null } as const;

/** The first bytes of a regular file; null if it cannot be read. */
function startOf(native: string, length: number): Buffer | null {
  try {
    const fd = openRegular(native);
    try {
      return readFully(fd, 0, length);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

/** The size of a file; 0 also if this user may not examine it. */
function sizeOf(file: string): number {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return 0;
  }
}
