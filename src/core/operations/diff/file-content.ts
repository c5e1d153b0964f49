import { isUtf8 } from 'node:buffer';
import path from 'node:path';
import { engineOf } from '../../databases/engines.ts';
import { ambiguity } from '../../fs/json-ambiguity.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { DiffContent, DiffDatabase, FileSide } from '../../model/diff-report.ts';
import { plural } from '../../model/plural.ts';
import { pathWord, shellLine } from '../../model/shell-quote.ts';
import { escapeName } from '../../paths/names.ts';
import { isInside, toNative } from '../../paths/paths.ts';
import { changedLeaves } from '../../records/changed-leaves.ts';
import type { Side, SideEntry } from './side.ts';

/** Larger files are compared by size and hash. */
const MAX_BYTES = 16 << 20;
const MAX_LEAVES = 1000;
const MAX_LINES = 1000;
const MAX_CHARACTERS = 1000;
/** Beyond so many changed lines, two texts have little in common, and the comparison would take minutes. */
const MAX_EDITS = 4000;
/** Of each side; each takes memory. */
const MAX_LINES_READ = 200_000;
/** For texts whose lines are alike. */
const MAX_MS = 10_000;

export interface ContentOptions {
  /** As it was given, for messages. */
  readonly word: string;
  readonly cwd: string;
  readonly project: Pick<Project, 'root' | 'repository'>;
}

type Compared = Omit<DiffContent, 'path' | 'before' | 'after' | 'same'>;

const NOTHING: Omit<Compared, 'as'> = {
  leaves: null,
  moreLeaves: 0,
  hunks: null,
  moreLines: 0,
  firstDifference: null,
  note: null,
  next: [],
};

/** Finds the one file that `--content` selects, while the entries of both sides are read, and compares what is in it. */
export class FileContent {
  readonly #options: ContentOptions;
  readonly #seen = new Map<string, Map<Side, SideEntry>>();

  constructor(options: ContentOptions) {
    this.#options = options;
  }

  async *watch(side: Side, entries: AsyncGenerator<SideEntry>): AsyncGenerator<SideEntry> {
    for await (const entry of entries) {
      if (entry.type !== 'dir') {
        const sides = this.#seen.get(entry.path) ?? new Map<Side, SideEntry>();
        this.#seen.set(entry.path, sides.set(side, entry));
      }
      yield entry;
    }
  }

  /** Throws USAGE if not one file or one database was selected, BACKUP_DAMAGED if a backup does not hold what its index says. */
  async compare(before: Side, after: Side, databases: readonly DiffDatabase[]): Promise<DiffContent> {
    const files = [...this.#seen.keys()].filter((file) => !databases.some((database) => holds(database, file)));
    const [file] = files;
    const [database] = databases;
    if (files.length + databases.length !== 1) throw this.#notOne(files.length, databases.length);
    if (database !== undefined) return this.#ofDatabase(before, after, database);
    const at = file ?? '';
    const was = await readSide(before, this.#seen.get(at)?.get(before));
    const is = await readSide(after, this.#seen.get(at)?.get(after));
    const [old, now] = [was?.file ?? null, is?.file ?? null];
    const same = old !== null && now !== null && isSame(was, is);
    const compared = same ? { as: 'bytes' as const, ...NOTHING } : await compareFiles(was, is);
    return { path: at, before: old, after: now, same, ...compared };
  }

  #notOne(files: number, databases: number): BackupError {
    const what = [
      ...(files > 0 ? [plural(files, 'file')] : []),
      ...(databases > 0 ? [plural(databases, 'database')] : []),
    ];
    const names = what.length === 0 ? 'no file that can be compared' : what.join(' and ');
    return new BackupError('USAGE', `--content ${escapeName(this.#options.word)} names ${names}`, {
      hint: 'Name one file. Without --content, diff lists every file that differs.',
    });
  }

  #ofDatabase(before: Side, after: Side, { path: at, same, before: old, after: now }: DiffDatabase): DiffContent {
    const has = (side: Side): boolean => [...this.#seen].some(([, sides]) => sides.has(side));
    const names = [before, after].flatMap((side) => (has(side) ? [this.#nameIn(side, at)] : []));
    const areComparable = names.length === 2 && old !== null && now !== null && old.engine === now.engine;
    const next = areComparable
      ? [shellLine(['migbackup', 'db', 'diff', ...names])]
      : names.map((name) => shellLine(['migbackup', 'db', 'ls', name]));
    return { path: at, before: null, after: null, same, as: 'database', ...NOTHING, next };
  }

  /** As the `db` commands take it: in the project, relative to the working folder. */
  #nameIn({ backupId, where }: Side, at: string): string {
    const { project, cwd } = this.#options;
    if (backupId === null) return pathWord(path.relative(cwd, toNative(project.root, at)));
    return `${where === path.join(project.repository, backupId) ? backupId : pathWord(where)}:${at}`;
  }
}

function holds({ path: database, engine, before, after }: DiffDatabase, file: string): boolean {
  const engines = new Set([engine, ...[before, after].flatMap((state) => state?.engine ?? [])]);
  return isInside(file, database) || [...engines].some((name) => engineOf(name).partOf(database, file) !== null);
}

interface ReadSide {
  readonly file: FileSide;
  readonly content: Buffer | null;
  readonly problem: string | null;
  readonly target: string | undefined;
}

async function readSide(side: Side, entry: SideEntry | undefined): Promise<ReadSide | null> {
  if (entry === undefined || entry.type === 'dir') return null;
  if (entry.type === 'symlink')
    return { file: { type: 'symlink', bytes: 0, sha256: null }, content: null, problem: null, target: entry.target };
  const { bytes, sha256, content, problem } = await side.content(entry.path, MAX_BYTES);
  return { file: { type: 'file', bytes, sha256 }, content, problem, target: undefined };
}

function isSame(was: ReadSide | null, is: ReadSide | null): boolean {
  if (was?.file.type !== is?.file.type) return false;
  if (was?.file.type === 'symlink') return was.target === is?.target;
  return was?.file.sha256 !== null && was?.file.sha256 === is?.file.sha256;
}

async function compareFiles(was: ReadSide | null, is: ReadSide | null): Promise<Compared> {
  const why = (note: string | null): Compared => ({ as: 'bytes', ...NOTHING, note });
  if (was === null || is === null) return why(null);
  const links = [was, is].map(({ target }) => (target === undefined ? 'a file' : `a link to ${escapeName(target)}`));
  if (was.target !== undefined || is.target !== undefined) return why(`it was ${links[0]} and is ${links[1]}`);
  const problem = was.problem ?? is.problem;
  if (problem !== null) return why(problem);
  const [old, now] = [was.content, is.content];
  if (old === null || now === null)
    return why(`a file larger than ${MAX_BYTES >> 20} MiB is compared by size and hash alone`);
  const areText = [old, now].every((content) => isUtf8(content) && !content.includes(0));
  const firstDifference = findDifference(old, now, areText);
  if (!areText) return { ...why('at least one side is not UTF-8 text'), firstDifference };
  const leaves = areUnambiguous(old, now) ? changedLeaves(old, now, { listed: MAX_LEAVES, bytes: MAX_BYTES }) : null;
  if (leaves !== null)
    return { as: 'json', ...NOTHING, leaves: leaves.listed, moreLeaves: leaves.more, firstDifference };
  return { as: 'text', ...NOTHING, ...(await compareLines(old.toString(), now.toString())), firstDifference };
}

/** The leaves of an object that has a key twice do not say all that is in the text. */
function areUnambiguous(...contents: readonly Buffer[]): boolean {
  try {
    return contents.every((content) => {
      const text = content.toString();
      return ambiguity(text, JSON.parse(text)) === null;
    });
  } catch {
    return false;
  }
}

function findDifference(old: Buffer, now: Buffer, areText: boolean): DiffContent['firstDifference'] {
  const shorter = Math.min(old.length, now.length);
  let [byte, line] = [0, 1];
  for (; byte < shorter && old[byte] === now[byte]; byte++) if (old[byte] === 0x0a) line++;
  return { byte, line: areText ? line : null };
}

async function compareLines(old: string, now: string): Promise<Pick<Compared, 'hunks' | 'moreLines' | 'note'>> {
  if ([old, now].some(hasTooManyLines))
    return {
      hunks: null,
      moreLines: 0,
      note: `a text of more than ${MAX_LINES_READ} lines is not compared line by line`,
    };
  const { structuredPatch } = await import('diff/lib/patch/create.js');
  const limits = { context: 3, maxEditLength: MAX_EDITS, timeout: MAX_MS };
  const patch = structuredPatch('', '', old, now, undefined, undefined, limits);
  if (patch === undefined)
    return { hunks: null, moreLines: 0, note: 'too many lines differ to be compared one by one' };
  const hunks: NonNullable<DiffContent['hunks']> = [];
  let left = MAX_LINES;
  let moreLines = 0;
  for (const { oldStart, newStart, lines } of patch.hunks) {
    const shown = lines.slice(0, left);
    left -= shown.length;
    moreLines += lines.length - shown.length;
    if (shown.length > 0) hunks.push({ before: oldStart, after: newStart, lines: shown.map(cut) });
  }
  return { hunks, moreLines, note: null };
}

function hasTooManyLines(text: string): boolean {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) if (++lines > MAX_LINES_READ) return true;
  return false;
}

function cut(line: string): string {
  return line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS)}…` : line;
}
