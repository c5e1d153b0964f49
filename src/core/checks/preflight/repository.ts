import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fsyncDir, lstatOrNull, removeTree, writeAll } from '../../fs/durable.ts';
import { realPathAsFar, STATE_FOLDER } from '../../paths/paths.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { looking } from '../../paths/barred.ts';
import { BackupError } from '../../model/backup-error.ts';
import { pathWord } from '../../model/shell-quote.ts';
import type { Project } from '../../model/category.ts';
import { LOCK_FILE } from '../../format/layout.ts';
import { acquireLock } from '../../repository/lock.ts';
import type { Finding } from '../../model/finding.ts';
import { untrackedInWorkTree } from '../../scan/git-facts.ts';
import { freeSpace, nearestExisting } from '../../fs/space.ts';
import type { Manifest } from '../../model/manifest.ts';
import { staleNames } from '../../repository/work-folder.ts';

interface RoundTrip {
  readonly check: CheckResult;
  /** How far the clock of the file system is ahead of ours, in milliseconds. Null if nothing could be written. */
  readonly aheadMs: number | null;
}

/**
 * Does what create will do in the backups folder: write, fsync, rename, read back, remove. If the folder does not exist yet, its nearest existing
 * parent is tried, so that validate leaves nothing behind.
 */
export function checkRoundTrip(repository: string): RoundTrip {
  const nowhere = linkToNowhere(repository);
  if (nowhere !== null) return { check: cannotBeWritten(nowhere, 'it is a link that leads nowhere'), aheadMs: null };
  const dir = nearestExisting(realPathAsFar(repository));
  const temporary = path.join(dir, `.migbackup-probe-${process.pid}-${randomBytes(4).toString('hex')}`);
  const final = `${temporary}.renamed`;
  const content = randomBytes(8192);
  const started = performance.now();
  const before = Date.now();
  try {
    const fd = fs.openSync(temporary, 'wx', 0o600);
    try {
      writeAll(fd, content);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, final);
    fsyncDir(dir);
    const same = fs.readFileSync(final).equals(content);
    const ms = Math.round((performance.now() - started) * 10) / 10;
    const check: CheckResult = {
      id: 'round-trip',
      group: 'repository',
      status: same ? 'ok' : 'critical',
      message: same ? 'wrote, synced, renamed and read back 8 KiB' : 'what was read back is not what was written',
      evidence: { folder: dir, ms },
      ...(same ? {} : { recommendation: 'Do not trust this disk: choose another place with --backups DIR.' }),
    };
    return { check, aheadMs: Math.round(fs.statSync(final).mtimeMs - before) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { check: cannotBeWritten(dir, why), aheadMs: null };
  } finally {
    removeTree(temporary);
    removeTree(final);
  }
}

function cannotBeWritten(folder: string, why: string): CheckResult {
  return {
    id: 'round-trip',
    group: 'repository',
    status: 'critical',
    message: `the backups folder cannot be written: ${why}`,
    evidence: { folder },
    recommendation: 'Make it writable or choose another place with --backups DIR.',
  };
}

/** A link on the way whose target does not exist: no folder can be made through it. */
function linkToNowhere(repository: string): string | null {
  let at = path.resolve(repository);
  while (lstatOrNull(at) === null && path.dirname(at) !== at) at = path.dirname(at);
  return fs.existsSync(at) ? null : at;
}

/** Checks whether create and restore would get their locks now. A lock file that does not exist was never taken, and this does not create it. */
export function checkLock({ root, repository }: Project): CheckResult {
  const about = { id: 'lock', group: 'repository' } as const;
  for (const folder of [path.join(root, STATE_FOLDER), repository]) {
    const file = path.join(folder, LOCK_FILE);
    try {
      if (looking(file, 'it is not known whether another migbackup is at work', () => lstatOrNull(file)) === null)
        continue;
      acquireLock(folder, 'validate').release();
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      const { message, hint } = error;
      return { ...about, status: 'critical', message, paths: [folder], recommendation: hint };
    }
  }
  return { ...about, status: 'ok', message: 'no other migbackup is at work' };
}

/** How git could remove the repository. */
interface Cleanable {
  /** Absolute, real path. */
  readonly folder: string;
  readonly workTree: string;
  readonly ignored: boolean;
}

/**
 * How `git clean -xfd` could delete the backups, or undefined. That command removes everything untracked in the work tree, and with `-x` also what is ignored. So
 * the line that init adds to .gitignore keeps backups out of commits, but does not protect them.
 */
async function cleanable(repository: string): Promise<Cleanable | undefined> {
  const folder = realPathAsFar(repository);
  const found = await untrackedInWorkTree(nearestExisting(folder), folder);
  return found && { folder, ...found };
}

export async function checkGitClean(repository: string): Promise<CheckResult> {
  const found = await cleanable(repository);
  if (found === undefined) {
    return { id: 'git-clean', group: 'repository', status: 'ok', message: 'git clean would not remove the backups' };
  }
  return {
    id: 'git-clean',
    group: 'repository',
    // The folder that init makes git ignore is worth knowing about. Nobody chose one that git does not know.
    status: found.ignored ? 'info' : 'warning',
    message: `git clean ${found.ignored ? '-xfd' : '-fd'} would remove the backups folder`,
    evidence: { ...found },
    recommendation:
      'Keep backups outside the work tree (MIGBACKUP_BACKUPS or --backups DIR), or export the ones that matter.',
  };
}

/**
 * The same as a finding: for guard before its command runs, which could do that, and for init, where the place of the backups is chosen.
 * @param from absolute path of the folder that the advice names the place from
 * @param withPlace the advice, made from a folder outside the work tree, relative to `from`
 */
export async function gitCleanable(
  { root, repository }: Pick<Project, 'root' | 'repository'>,
  from: string,
  withPlace: (place: string) => string,
): Promise<Finding[]> {
  const found = await cleanable(repository);
  if (found === undefined) return [];
  const place = path.join(path.dirname(found.workTree), `${path.basename(root)}-backups`);
  const [clean, stash] = found.ignored ? ['-xfd', '-a'] : ['-fd', '-u'];
  return [
    {
      code: 'git-cleanable',
      severity: found.ignored ? 'info' : 'warning',
      message: `git does not track the backups: git clean ${clean} would delete them, and git stash ${stash} would take them away`,
      path: path.relative(root, found.folder),
      evidence: { ...found },
      recommendation: withPlace(pathWord(path.relative(from, place).split(path.sep).join('/'))),
    },
  ];
}

/** Space that is kept free beside the backup, so that the file system and other programs can go on working. */
export const RESERVE_BYTES = 16n * 1024n * 1024n;
/** No real project state was seen to compress better than this, so with less space a backup cannot succeed. */
const BEST_RATIO = 30n;
/** Files that a backup makes: its archives and lists. */
export const BACKUP_INODES = 64n;
/** The compressed header, index line and sums line of one entry. */
const HEADER_BYTES = 512n;
/** How many earlier backups are used to tell how well a category compresses. */
const RATIOS = 5;

interface SpaceEstimate {
  /** With less free than this, create fails. */
  readonly least: bigint;
  /** With more free than this, space cannot run out, even if nothing compresses: it is everything uncompressed, with headers, index and sums. */
  readonly most: bigint;
}

/** The space that a backup of so many bytes in so many entries needs, as far as that is known before anything is compressed. */
export function estimateSpace(bytes: number, entries: number): SpaceEstimate {
  const most = BigInt(Math.ceil(bytes * 1.01)) + BigInt(entries) * 2048n;
  return { least: most / BEST_RATIO + RESERVE_BYTES, most: most + RESERVE_BYTES };
}

interface SpaceNeeds {
  /** The bytes that the inventory counts, by category. */
  readonly bytes: ReadonlyMap<string, number>;
  readonly entries: number;
  /** Stored bytes per byte of a category, as earlier backups measured it. */
  readonly ratios: ReadonlyMap<string, number>;
}

/** Stored bytes per byte of each category: the worst ratio among the newest readable backups that hold the category. */
export function ratiosOf(manifests: readonly Manifest[]): Map<string, number> {
  const ratios = new Map<string, number[]>();
  for (const { categories } of manifests) {
    for (const [name, { bytes, archive }] of Object.entries(categories)) {
      const seen = ratios.get(name) ?? [];
      if (archive !== undefined && bytes > 0 && seen.length < RATIOS) ratios.set(name, [...seen, archive.size / bytes]);
    }
  }
  return new Map([...ratios].map(([name, seen]) => [name, Math.max(...seen)]));
}

/** Compares the free space where the backup will go with the inventory and the ratios of earlier backups. */
export function checkSpace(repository: string, { bytes, entries, ratios }: SpaceNeeds): CheckResult {
  const free = freeSpace(repository);
  const total = [...bytes.values()].reduce((sum, one) => sum + one, 0);
  const { least, most } = estimateSpace(total, entries);
  let likely = RESERVE_BYTES + BigInt(entries) * HEADER_BYTES;
  for (const [name, size] of bytes) likely += estimateCategory(size, ratios.get(name));
  const evidence = {
    repository,
    freeBytes: Number(free.bytes),
    leastBytes: Number(least),
    likelyBytes: Number(likely),
    mostBytes: Number(most),
    ratios: Object.fromEntries(ratios),
  };
  const about = { id: 'space', group: 'repository', evidence } as const;
  if (free.bytes >= likely) return { ...about, status: 'ok', message: 'enough free space' };
  const recommendation = 'Free some space or choose another place with --backups DIR.';
  return free.bytes < least
    ? { ...about, status: 'critical', message: 'too little free space for a backup', recommendation }
    : { ...about, status: 'warning', message: 'the free space may not be enough', recommendation };
}

/** A fifth more than its ratio says. Without a ratio, as much as it can take at most. */
function estimateCategory(bytes: number, ratio: number | undefined): bigint {
  return BigInt(Math.ceil(bytes * (ratio === undefined ? 1.01 : ratio * 1.2)));
}

/** Checks the free inodes where the backup will go. Null means that the file system does not count them, and then there is no check. */
export function checkInodes(inodes: bigint | null): CheckResult[] {
  if (inodes === null) return [];
  const enough = inodes >= BACKUP_INODES;
  return [
    {
      id: 'inodes',
      group: 'repository',
      status: enough ? 'ok' : 'critical',
      message: enough ? 'enough free inodes' : 'too few free inodes for a backup',
      evidence: { freeInodes: Number(inodes), neededInodes: Number(BACKUP_INODES) },
      ...(enough
        ? {}
        : { recommendation: 'Remove files on that file system or choose another place with --backups DIR.' }),
    },
  ];
}

/** Reports what killed runs left in the repository. It is not a backup, and it takes space. */
export function checkStaleWork(repository: string, locked: boolean): CheckResult {
  const about = { id: 'stale-work', group: 'repository' } as const;
  // The process that holds the lock may be working in these folders.
  const stale = locked || lstatOrNull(repository)?.isDirectory() !== true ? [] : staleNames(repository);
  if (stale.length === 0) return { ...about, status: 'ok', message: 'nothing is left over from interrupted runs' };
  return {
    ...about,
    status: 'info',
    message: `${stale.length === 1 ? 'one work folder is' : `${stale.length} work folders are`} left from interrupted runs`,
    paths: stale,
    recommendation: 'Run migbackup recover to remove them. The next command that changes something also does that.',
  };
}
