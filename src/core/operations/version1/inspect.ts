import fs from 'node:fs';
import path from 'node:path';
import { hashFile } from '../../checks/artifact-sums.ts';
import { decodeName, escapeBytes, escapeName } from '../../fs/names.ts';
import { forbiddenPart, pathProblem, toNative } from '../../fs/paths.ts';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { Finding } from '../../model/finding.ts';
import { SUMS_FILE } from '../../store/layout.ts';
import { readSums } from '../../store/sums.ts';
import { isVolatileFile } from '../../sources/leveldb/recognise.ts';
import { isOwnFile, placeOf, type Place } from './layout.ts';

/** A file whose bytes can be brought back. */
export interface Copy {
  /** Its path in the backup, as SHA256SUMS spells it. */
  readonly file: string;
  readonly place: Place;
}

export interface Inspection {
  readonly copies: readonly Copy[];
  readonly findings: readonly Finding[];
}

/** No list that a script made comes near. */
const MAX_FILES = 1_000_000;

/**
 * Reads a version 1 backup against its SHA256SUMS. Bytes and that list are the truth: a listed file that is missing or altered is an error
 * of its source; one that is there and not listed is a warning. Links and special files are named and never followed.
 */
export function inspectVersion1(folder: string): Inspection {
  const inspector = new Inspector(folder);
  inspector.readList();
  inspector.walk('');
  inspector.missing();
  return inspector;
}

class Inspector implements Inspection {
  readonly copies: Copy[] = [];
  readonly findings: Finding[] = [];
  readonly #folder: string;
  /** Path in the backup -> its hash, and how the list spells it: some tools begin each path with `./`. */
  readonly #listed = new Map<string, { readonly sha256: string; readonly spelled: string }>();
  readonly #seen = new Set<string>();
  /** Project path -> the copy that takes it. */
  readonly #taken = new Map<string, { file: string; sha256: string }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  readList(): void {
    try {
      for (const { path: spelled, sha256 } of readSums(path.join(this.#folder, SUMS_FILE))) {
        const listed = spelled.replace(/^\.\//, '');
        const problem = pathProblem(listed);
        if (problem !== null) this.#wrong('sums-unsafe', `${SUMS_FILE} names ${escapeName(spelled)}: ${problem}`, null);
        else if ((this.#listed.get(listed)?.sha256 ?? sha256) !== sha256)
          this.#wrong('sums-contradict', `${SUMS_FILE} states two hashes for ${escapeName(spelled)}`, null);
        else this.#listed.set(listed, { sha256, spelled });
        if (this.#listed.size > MAX_FILES) throw new BackupError('BACKUP_DAMAGED', 'too many lines', { hint: '' });
      }
    } catch (error) {
      if (errnoOf(error) === 'ENOENT')
        return this.#wrong('sums-damaged', `${SUMS_FILE} is missing: nothing proves this backup`, null);
      if (!(error instanceof BackupError)) throw error;
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
    else this.#unusable(file, stat.isSymbolicLink() ? 'is a link, and no link is followed' : 'is a special file');
  }

  #file(file: string): void {
    this.#seen.add(file);
    const place = placeOf(file);
    if (place === null) {
      this.#warn(
        'file-unknown',
        `${escapeName(file)} belongs to no folder of this format and is left alone`,
        file,
        null,
      );
      return;
    }
    const problem = pathProblem(place.path) ?? forbiddenPart(place.path);
    if (problem !== null) return this.#unusable(file, problem);
    const sha256 = hashFile(toNative(this.#folder, file));
    const listed = this.#listed.get(file)?.sha256;
    if (listed === undefined)
      this.#warn('file-not-listed', `${escapeName(file)} is not in ${SUMS_FILE}: nothing proves it`, file, place);
    else if (listed !== sha256)
      this.#wrong('file-altered', `${escapeName(file)} was altered: its SHA-256 differs`, file);
    if (place.source === 'current' && isVolatileFile(path.posix.basename(file)))
      this.#say('info', 'file-not-restored', `${escapeName(file)} carries no data: LevelDB makes it anew`, file, place);
    this.#take(file, place, sha256);
  }

  /** Two folders can hold a file of the same name that came from the root: equal ones are one, others cannot both come back. */
  #take(file: string, place: Place, sha256: string): void {
    const other = this.#taken.get(place.path);
    if (other === undefined) {
      this.#taken.set(place.path, { file, sha256 });
      this.copies.push({ file, place });
    } else if (other.sha256 !== sha256) {
      const what = `${escapeName(file)} and ${escapeName(other.file)} both came from ${escapeName(place.path)} and differ`;
      this.#warn('files-collide', `${what}; the first is used`, file, place);
    }
    return undefined;
  }

  missing(): void {
    for (const file of this.#listed.keys()) {
      if (this.#seen.has(file) || isOwnFile(file)) continue;
      this.#wrong('file-missing', `${escapeName(file)} is listed in ${SUMS_FILE} and is not there`, file);
    }
  }

  #unusable(file: string, why: string): void {
    this.#seen.add(file);
    this.#wrong('file-unusable', `${escapeName(file)} ${why}`, file);
  }

  #about(file: string): Pick<Finding, 'path' | 'affects'> {
    const spelled = this.#listed.get(file)?.spelled ?? file;
    return { path: spelled, affects: [spelled] };
  }

  /** An error of one source, or with a null file of all. */
  #wrong(code: string, message: string, file: string | null): void {
    const place = file === null ? null : placeOf(file);
    const about = file === null ? { path: SUMS_FILE } : this.#about(file);
    const where = place === null ? {} : { category: place.category, source: place.source };
    this.findings.push({ code, severity: 'error', message, ...about, ...where });
  }

  #warn(code: string, message: string, file: string, place: Place | null): void {
    this.#say('warning', code, message, file, place);
  }

  #say(severity: 'info' | 'warning', code: string, message: string, file: string, place: Place | null): void {
    const where = place === null ? {} : { category: place.category, source: place.source };
    this.findings.push({ code, severity, message, ...this.#about(file), ...where });
  }
}
