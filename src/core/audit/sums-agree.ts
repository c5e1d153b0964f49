import path from 'node:path';
import { escapeName } from '../paths/names.ts';
import { isNoFile } from '../fs/regular-file.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import { SUMS_FILE } from '../format/layout.ts';
import { isPlainSum, parseSumLine, readSumLines, type Sum } from '../format/sums.ts';

/** Findings for single lines, at most. The first differences tell enough, and the rest are only counted. */
const MAX_NAMED = 20;

/** Compares SHA256SUMS with the index: both must list the same files, in the same order, with the same hashes. */
export class SumsAudit {
  readonly #lines: Generator<string>;
  readonly #file: string;
  #number = 0;
  readonly #findings: Finding[] = [];
  #more = 0;
  #broken = false;

  constructor(folder: string) {
    this.#file = path.join(folder, SUMS_FILE);
    this.#lines = readSumLines(this.#file);
  }

  entry(entry: Entry): void {
    if (entry.type !== 'file' || this.#broken) return;
    const text = this.#nextLine();
    // The fast path for almost every line: it is byte for byte what the index says.
    if (text !== null && entry.sha256 !== undefined && isPlainSum(text, entry.sha256, entry.path)) return;
    const line = this.#parse(text);
    if (line === null) this.#wrong(`does not list ${escapeName(entry.path)}`, entry.path);
    else if (line.path !== entry.path) {
      this.#wrong(`lists ${escapeName(line.path)} where the index has ${escapeName(entry.path)}`, entry.path);
      this.#broken = true;
    } else if (line.sha256 !== entry.sha256)
      this.#wrong(`states another hash for ${escapeName(entry.path)} than the index`, entry.path);
  }

  finish(): Finding[] {
    if (!this.#broken) {
      for (
        let line = this.#parse(this.#nextLine());
        line !== null && !this.#broken;
        line = this.#parse(this.#nextLine())
      )
        this.#wrong(`lists ${escapeName(line.path)}, which is not in the index`, line.path);
    }
    if (this.#more > 0) this.#findings.push(finding(`${this.#more} more lines differ`));
    return this.#findings;
  }

  close(): void {
    this.#lines.return(undefined);
  }

  #nextLine(): string | null {
    return this.#guard(() => {
      const next = this.#lines.next();
      this.#number++;
      return next.done ? null : next.value;
    });
  }

  #parse(line: string | null): Sum | null {
    return line === null ? null : this.#guard(() => parseSumLine(line, this.#file, this.#number));
  }

  #guard<T>(read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      this.#broken = true;
      if (error instanceof BackupError) this.#findings.push(finding(error.message.replace(/^.*?: /s, '')));
      else if (!isNoFile(error)) throw error;
      return null;
    }
  }

  #wrong(message: string, affected: string): void {
    if (this.#broken) return;
    if (this.#findings.length >= MAX_NAMED) this.#more++;
    else this.#findings.push({ ...finding(message), affects: [affected] });
  }
}

function finding(message: string): Finding {
  return { code: 'sums-differ', severity: 'error', message: `${SUMS_FILE} ${message}`, path: SUMS_FILE };
}
