import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { giveToFolderOwner } from '../fs/folder-owner.ts';
import { openRegular } from '../fs/regular-file.ts';
import { fsyncMeanwhile, writeAll } from '../fs/durable.ts';
import { escapeName } from '../paths/names.ts';
import { BackupError } from '../model/backup-error.ts';

/** One line of a sums file. */
export interface Sum {
  readonly sha256: string;
  readonly path: string;
}

const ESCAPES: Record<string, string> = { '\\': String.raw`\\`, '\n': String.raw`\n`, '\r': String.raw`\r` };
const LINE = /^(\\?)([0-9a-f]{64}) [ *](.+)$/su;
const FLUSH_BYTES = 1 << 16;
/** The longest path doubled by escapes, plus hash and separators. */
const MAX_LINE_BYTES = 16_384;

/** A line as `sha256sum` of GNU coreutils 9 writes it. Names with a backslash, newline or carriage return are escaped, and the line is marked. */
export function formatSum(sha256: string, path: string): string {
  const escaped = path.replaceAll(/[\\\n\r]/g, (character) => ESCAPES[character] ?? character);
  return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`;
}

/** What one line (without its newline) says. Throws BACKUP_DAMAGED. */
export function parseSumLine(line: string, file: string, number: number): Sum {
  const match = LINE.exec(line);
  if (match === null) throw damaged(file, number, 'is not a sha256sum line');
  const [, marked, sha256 = '', written = ''] = match;
  if (marked === '') return { sha256, path: written };
  if (/\\(?![\\nr])|\\$/.test(written.replaceAll(String.raw`\\`, '')))
    throw damaged(file, number, 'has an unknown escape');
  const path = written.replaceAll(/\\([\\nr])/g, (_, letter: string) =>
    letter === 'n' ? '\n' : letter === 'r' ? '\r' : '\\',
  );
  return { sha256, path };
}

/** All lines of a small sums text. Throws BACKUP_DAMAGED, also if the last line has no newline. */
export function parseSums(text: string, file = 'sums'): Sum[] {
  if (text === '') return [];
  if (!text.endsWith('\n')) throw damaged(file, text.split('\n').length, 'has no end');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line, at) => parseSumLine(line, file, at + 1));
}

export interface SumsOptions {
  /** Whether the last line may lack its newline. */
  readonly openEnd?: boolean;
}

/** Reads a sums file of any size, one line at a time. Throws BACKUP_DAMAGED. */
export function* readSums(file: string, options: SumsOptions = {}): Generator<Sum> {
  let number = 0;
  for (const line of readSumLines(file, options)) yield parseSumLine(line, file, ++number);
}

/** The lines of a sums file (without their newlines), as they are. Throws BACKUP_DAMAGED if a line is too long or lacks its newline. */
export function* readSumLines(file: string, { openEnd = false }: SumsOptions = {}): Generator<string> {
  const fd = openRegular(file);
  try {
    const block = Buffer.allocUnsafe(1 << 18);
    let kept = 0;
    let number = 0;
    for (let read = fs.readSync(fd, block); read > 0; read = fs.readSync(fd, block, kept, block.length - kept, null)) {
      const filled = kept + read;
      const whole = block.lastIndexOf(10, filled - 1) + 1;
      const text = block.toString('utf8', 0, whole);
      for (let at = 0, end = text.indexOf('\n'); end >= 0; at = end + 1, end = text.indexOf('\n', at)) {
        number++;
        yield text.slice(at, end);
      }
      block.copy(block, 0, whole, filled);
      kept = filled - whole;
      if (kept > MAX_LINE_BYTES) throw damaged(file, number + 1, 'is too long');
    }
    if (kept > 0 && !openEnd) throw damaged(file, number + 1, 'has no end');
    if (kept > 0) yield block.toString('utf8', 0, kept);
  } finally {
    fs.closeSync(fd);
  }
}

/** Whether a line of a sums file is the plain one for this file, with nothing to unescape. Then it need not be parsed. */
export function isPlainSum(line: string, sha256: string, path: string): boolean {
  return (
    line.length === 66 + path.length && line.startsWith(sha256) && line.startsWith('  ', 64) && line.endsWith(path)
  );
}

export interface WrittenSums {
  readonly entries: number;
  readonly sha256: string;
}

/** Writes a sums file line by line, and hashes what it writes. */
export class SumsWriter {
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  #pending = '';
  #entries = 0;
  #closed = false;

  /** Makes the file (mode 0600); it must not exist yet. */
  constructor(file: string) {
    this.#fd = fs.openSync(file, 'wx', 0o600);
    giveToFolderOwner(this.#fd, path.dirname(file));
  }

  add(sha256: string, path: string): void {
    this.#pending += formatSum(sha256, path);
    this.#entries++;
    if (this.#pending.length >= FLUSH_BYTES) this.#flush();
  }

  /** Adds whole lines that were formatted elsewhere, for this many files. */
  addLines(lines: Uint8Array, files: number): void {
    this.#flush();
    this.#append(lines);
    this.#entries += files;
  }

  /** Syncs and closes. Everything is written when this returns, even before its promise resolves. */
  async finish(): Promise<WrittenSums> {
    this.#flush();
    await fsyncMeanwhile(this.#fd);
    this.abort();
    return { entries: this.#entries, sha256: this.#hash.digest('hex') };
  }

  /** Closes without finishing. The caller removes the file. After `finish` this does nothing. */
  abort(): void {
    if (!this.#closed) fs.closeSync(this.#fd);
    this.#closed = true;
  }

  #flush(): void {
    if (this.#pending === '') return;
    this.#append(Buffer.from(this.#pending));
    this.#pending = '';
  }

  #append(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    writeAll(this.#fd, bytes);
  }
}

function damaged(file: string, line: number, what: string): BackupError {
  return new BackupError('BACKUP_DAMAGED', `${escapeName(file)}: line ${line} ${what}`, {
    hint: 'migbackup verify shows which parts of the backup are still good.',
    path: file,
  });
}
