import fs from 'node:fs';
import path from 'node:path';
import { decodeName, escapeBytes, escapeName } from '../paths/names.ts';
import { forbiddenPart, pathProblem, toNative } from '../paths/paths.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Finding } from '../model/finding.ts';
import type { CodeOf } from '../model/finding-codes.ts';
import { SUMS_FILE } from '../format/layout.ts';
import { readVersion1Sums } from '../format/version1.ts';
import { isVolatilePath } from '../databases/engines.ts';
import { isOwnFile, placeOf, DATABASE_PLACE, type Place } from './layout.ts';
import { hashFile } from '../fs/hash-file.ts';

/** A file whose bytes can be restored. */
export interface Copy {
  /** Its path in the backup, as SHA256SUMS spells it. */
  readonly file: string;
  readonly place: Place;
}

export interface Inspection {
  readonly copies: readonly Copy[];
  readonly findings: readonly Finding[];
}

/** A copy with what is known of its bytes. `proven` means that they match SHA256SUMS. */
interface Take extends Copy {
  readonly sha256: string;
  readonly proven: boolean;
}

/** Far more than any list that a script made. */
const MAX_FILES = 1_000_000;

/**
 * Reads a version 1 backup against its SHA256SUMS. Only the bytes and that list count: a listed file that is missing or altered is an error of its
 * source, and a file that is not listed is a warning. Links and special files are named and never followed.
 */
export function inspectVersion1(folder: string): Inspection {
  const inspector = new Inspector(folder);
  inspector.readList();
  inspector.walk('');
  inspector.missing();
  return inspector;
}

class Inspector implements Inspection {
  readonly findings: Finding[] = [];
  readonly #folder: string;
  /** Path in the backup -> its hash, and how the list spells it: some tools begin each path with `./`. */
  readonly #listed = new Map<string, { readonly sha256: string; readonly spelled: string }>();
  readonly #seen = new Set<string>();
  /** Project path -> the copy that takes it. */
  readonly #taken = new Map<string, Take>();
  /** Project folders that copies lie in. */
  readonly #folders = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  get copies(): Copy[] {
    return [...this.#taken.values()];
  }

  readList(): void {
    try {
      for (const { path: spelled, sha256 } of readVersion1Sums(this.#folder)) {
        const listed = spelled.replace(/^\.\//, '');
        const problem = pathProblem(listed);
        if (problem !== null) this.#wrong('sums-unsafe', `${SUMS_FILE} names ${escapeName(spelled)}: ${problem}`, null);
        else if ((this.#listed.get(listed)?.sha256 ?? sha256) !== sha256)
          this.#wrong('sums-contradict', `${SUMS_FILE} states two hashes for ${escapeName(spelled)}`, null);
        else this.#listed.set(listed, { sha256, spelled });
        if (this.#listed.size > MAX_FILES) throw new BackupError('BACKUP_DAMAGED', 'too many lines', { hint: '' });
      }
    } catch (error) {
      if (!(error instanceof Error) || (!(error instanceof BackupError) && errnoOf(error) === undefined)) throw error;
      this.#wrong('sums-damaged', `${SUMS_FILE} cannot be read: ${error.message}`, null);
    }
  }

  walk(relative: string): void {
    const native = relative === '' ? this.#folder : toNative(this.#folder, relative);
    for (const raw of fs.readdirSync(native, { encoding: 'buffer' }).toSorted((a, b) => a.compare(b))) {
      const name = decodeName(raw);
      const child = `${relative === '' ? '' : `${relative}/`}${name ?? escapeBytes(raw)}`;
      if (isOwnFile(child) || child === 'checksums') continue;
      const problem = name === null ? 'its name is not UTF-8' : pathProblem(child);
      if (problem !== null) this.#unusable(child, problem);
      else this.#visit(child);
    }
  }

  #visit(file: string): void {
    const stat = fs.lstatSync(toNative(this.#folder, file));
    if (stat.isDirectory()) this.walk(file);
    else if (stat.isFile()) this.#file(file);
    else this.#unusable(file, stat.isSymbolicLink() ? 'is a link, and links are not followed' : 'is a special file');
  }

  #file(file: string): void {
    this.#seen.add(file);
    const place = placeOf(file);
    if (place === null) {
      this.#warn('file-unknown', `${escapeName(file)} is in no folder of this format and is ignored`, file, null);
      return;
    }
    const problem = pathProblem(place.path) ?? forbidden(place);
    if (problem !== null) return this.#unusable(file, problem);
    const sha256 = this.#hash(file);
    if (sha256 === null) return undefined;
    const listed = this.#listed.get(file)?.sha256;
    if (listed === undefined)
      this.#warn(
        'file-not-listed',
        `${escapeName(file)} is not in ${SUMS_FILE}, so nothing proves its content`,
        file,
        place,
      );
    else if (listed !== sha256)
      this.#wrong('file-altered', `${escapeName(file)} was altered: its SHA-256 differs`, file);
    if (place.source === 'current' && isVolatilePath(file)) {
      const message = `${escapeName(file)} carries no data: the program that opens the database makes it again`;
      this.findings.push({ code: 'file-not-restored', severity: 'info', message, ...this.#about(file, place) });
    }
    this.#take({ file, place, sha256, proven: listed === sha256 });
  }

  /** Null if the file cannot be read, and then there is a finding. */
  #hash(file: string): string | null {
    try {
      return hashFile(toNative(this.#folder, file));
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      this.#unusable(file, `cannot be read (${errnoOf(error)})`);
      return null;
    }
  }

  /**
   * Two folders can hold files that came from the same place. If they are equal, either will do; otherwise only one can be restored. A file that
   * SHA256SUMS proves is preferred. If a proven file is dropped, that is an error.
   */
  #take(mine: Take): void {
    const other = this.#taken.get(mine.place.path);
    if (other?.sha256 === mine.sha256) return;
    if (other === undefined) {
      const clash = this.#clash(mine.place.path);
      if (clash !== null)
        return this.#unusable(mine.file, `cannot be restored: ${escapeName(clash)} is a file and a folder`);
      for (let at = mine.place.path; at !== '.'; at = path.posix.dirname(at)) this.#folders.add(path.posix.dirname(at));
    }
    const [used, dropped] = other !== undefined && (other.proven || !mine.proven) ? [other, mine] : [mine, other];
    this.#taken.set(used.place.path, used);
    if (dropped === undefined) return;
    const both = `${escapeName(mine.file)} and ${escapeName(used === mine ? dropped.file : used.file)}`;
    const what = `${both} both came from ${escapeName(used.place.path)} and differ; ${escapeName(used.file)} is used`;
    if (dropped.proven) this.#wrong('files-collide', what, dropped.file);
    else this.#warn('files-collide', what, dropped.file, dropped.place);
  }

  /** The path that would have to be a file and a folder at once, if there is one. */
  #clash(place: string): string | null {
    if (this.#folders.has(place)) return place;
    for (let at = path.posix.dirname(place); at !== '.'; at = path.posix.dirname(at))
      if (this.#taken.has(at)) return at;
    return null;
  }

  missing(): void {
    for (const file of this.#listed.keys()) {
      if (this.#seen.has(file) || isOwnFile(file)) continue;
      this.#wrong('file-missing', `${escapeName(file)} is listed in ${SUMS_FILE} but missing`, file);
    }
  }

  #unusable(file: string, why: string): void {
    this.#seen.add(file);
    this.#wrong('file-unusable', `${escapeName(file)} ${why}`, file);
  }

  #about(file: string, place: Place | null): Pick<Finding, 'path' | 'affects' | 'category' | 'source'> {
    const spelled = this.#listed.get(file)?.spelled ?? file;
    const where = place === null ? {} : { category: place.category, source: place.source };
    return { path: spelled, affects: [spelled], ...where };
  }

  /** Adds an error about the source of a file, or about all sources if `file` is null. */
  #wrong(code: CodeOf<'error'>, message: string, file: string | null): void {
    const about = file === null ? { path: SUMS_FILE } : this.#about(file, placeOf(file));
    this.findings.push({ code, severity: 'error', message, ...about });
  }

  #warn(code: CodeOf<'warning'>, message: string, file: string, place: Place | null): void {
    this.findings.push({ code, severity: 'warning', message, ...this.#about(file, place) });
  }
}

/** Why nothing may be restored to this place: its name is forbidden, or it is in the database of another source, which an added file could change. */
function forbidden({ source, path: place }: Place): string | null {
  const part = forbiddenPart(place);
  if (part !== null) return `cannot be restored: ${part}`;
  return source !== 'current' && place.startsWith(`${DATABASE_PLACE}/`) ? 'would be restored into the database' : null;
}
