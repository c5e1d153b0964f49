import { escapeName } from '../paths/names.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Config, Project } from '../model/category.ts';
import { comparePaths } from '../model/entry.ts';
import { Ownership } from '../scan/ownership.ts';
import type { ScanProblem } from '../scan/scan-item.ts';
import { scanCategory } from '../scan/scanner.ts';
import { listBelow } from '../transaction/live-tree.ts';
import { databasesAt } from '../extract/selection.ts';
import { namedIn, selectEntries } from '../scan/terms.ts';
import type { VerifiedBackup } from '../extract/verify-for-restore.ts';
import { howToRead } from './unreadable.ts';

export interface Extra {
  readonly path: string;
  readonly category: string;
}

export interface Live {
  /** Every selected path that the sources of the backup hold now. */
  readonly covered: Set<string>;
  /** The files and links that the backup does not have. */
  readonly files: Extra[];
  /** `files`, and the folders that contain nothing else, in order. */
  readonly all: Extra[];
  /** Files with further hard links. */
  readonly hardLinks: string[];
  /** What could not be listed or examined. */
  readonly unread: ScanProblem[];
}

/** What the sources of the backup hold now. They are scanned by the rules of that time, so that what was left out then is left alone now. */
export function scanLive(
  project: Project,
  config: Config,
  { manifest, wanted }: VerifiedBackup,
  only: readonly string[],
): Live {
  const has = new Set(wanted.map((entry) => entry.path));
  const filter = selectEntries(only, namedIn(manifest), databasesAt(manifest));
  const taken = config.categories.filter((category) => manifest.categories[category.name] !== undefined);
  const ownership = new Ownership(config.categories);
  const covered = new Set<string>();
  const files: Extra[] = [];
  const folders: Extra[] = [];
  const hardLinks: string[] = [];
  const unread: ScanProblem[] = [];
  const onProblem = (problem: ScanProblem): void => {
    if (problem.code === 'SOURCE_UNREADABLE' && filter({ ...problem, source: problem.source ?? '' }))
      unread.push(problem);
  };
  for (const category of taken) {
    const onHardLink = (path: string): unknown => hardLinks.push(path);
    const options = { ownership, onProblem, onHardLink, databaseAsFiles: () => true };
    for (const item of scanCategory({ ...project, config }, category, options)) {
      if (item.kind !== 'entry' || !filter(item.entry)) continue;
      covered.add(item.path);
      if (has.has(item.path)) continue;
      (item.entry.type === 'dir' ? folders : files).push({ path: item.path, category: category.name });
    }
  }
  const known = new Set([...files, ...folders].map((extra) => extra.path));
  const whole = folders.filter(({ path }) => listBelow(project.root, path).every((below) => known.has(below)));
  return {
    covered,
    files,
    hardLinks,
    unread,
    all: [...whole, ...files].toSorted((a, b) => comparePaths(a.path, b.path)),
  };
}

/** Throws SOURCE_UNREADABLE for the first path that could not be examined, and says what to do about all of them. */
export function refuseUnread(root: string, unread: readonly ScanProblem[]): void {
  const [first] = unread;
  if (first === undefined) return;
  const { code, path, message, cause } = first;
  const more = unread.length > 1 ? ` (and ${unread.length - 1} more)` : '';
  const what = `${escapeName(path)} ${message}${more}, so what is there now is not known`;
  const paths = unread.map((problem) => problem.path);
  throw new BackupError(code, what, { ...howToRead(root, paths), path, cause });
}
