import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isSea } from 'node:sea';
import { lstatOrNull, removeTree } from '../../../fs/durable.ts';
import { errnoOf } from '../../../model/backup-error.ts';
import { LOCK_PROBE, probeLock } from './lock-probe.ts';
import { lockKey, ours } from './our-locks.ts';
import { scratchPlaces } from './scratch-places.ts';

export interface Holder {
  readonly held: 'yes' | 'no' | 'unknown';
  /** Process ids, as far as the system names them; empty does not mean free. */
  readonly pids: number[];
  /** What the answer rests on, in one sentence. */
  readonly evidence: string;
  /** Where this user may not open LOCK, as everybody has to who asks: which rights are missing, and whose it is. */
  readonly forbidden?: { readonly lacks: string; readonly owner: number };
}

export interface HolderOptions {
  /** The command that tries the lock, whatever else is possible; the scratch folder is its last argument, and it prints as PROBE_SCRIPT does. */
  readonly probe?: { readonly command: string; readonly args: readonly string[] };
}

/** The evidence where a link, a folder or a pipe stands in the place of LOCK. */
export const ODD_LOCK = 'LOCK is not a regular file';

const PROBE_TIMEOUT_MS = 10_000;
const DESCRIPTORS = '/proc/self/fd';

/**
 * What the probe runs: arguments are the path of classic-level and a scratch folder whose LOCK is a link to the real one.
 * Prints `free`, `held` or `unknown: why`. Its own `require` would read the package.json of the folder that it runs in, which may be broken.
 */
export const PROBE_SCRIPT = `
const [classicLevel, folder] = process.argv.slice(-2);
const { createRequire: requireOf } = require('node:module');
const { ClassicLevel } = requireOf(classicLevel)(classicLevel);
const db = new ClassicLevel(folder);
db.open().then(
  () => db.close().then(() => console.log('free')),
  (error) => {
    const cause = error.cause ?? error;
    console.log(cause.code === 'LEVEL_LOCKED' ? 'held' : 'unknown: ' + cause.message);
  },
);
`;

/**
 * Says whether a process holds the database in `dir`. Asks the lock itself, by opening an empty database of its own whose LOCK is a link
 * to the real one: the database in `dir` is never opened, and nothing is made or changed in it. A child process asks where this one
 * may hold the lock itself.
 */
export async function whoHolds(dir: string, options: HolderOptions = {}): Promise<Holder> {
  const lock = path.join(fs.realpathSync(dir), 'LOCK');
  const stat = lstatOrNull(lock);
  if (stat === null) return { held: 'no', pids: [], evidence: 'there is no LOCK file' };
  if (!stat.isFile()) return { held: 'unknown', pids: [], evidence: ODD_LOCK };
  if (process.platform === 'win32') return holderOnWindows(lock);
  if (ours.has(lockKey(stat))) return { held: 'no', pids: [], evidence: 'this migbackup itself holds the lock' };

  let answer = '';
  for (const place of scratchPlaces(dir)) {
    answer = await askFrom(place, lock, stat, options);
    if (answer === 'free') return { held: 'no', pids: [], evidence: 'the lock could be taken' };
    if (answer === 'held')
      return { held: 'yes', pids: lockHolders(stat.ino), evidence: 'another process has the lock' };
  }
  return unknownHolder(lock, answer);
}

async function askFrom(place: string, lock: string, stat: fs.BigIntStats, options: HolderOptions): Promise<string> {
  let scratch: string | null = null;
  try {
    scratch = fs.mkdtempSync(`${place}${process.pid}-`);
    fs.symlinkSync(lock, path.join(scratch, 'LOCK'));
    const here = options.probe === undefined && !mayBeOpenHere(stat);
    const answer = here ? await probeLock(scratch) : await runProbe(scratch, options);
    return answer.replaceAll(scratch, path.dirname(lock));
  } catch (error) {
    if (!(error instanceof Error) || errnoOf(error) === undefined) throw error;
    return `unknown: ${error.message}`;
  } finally {
    if (scratch !== null) removeTree(scratch);
  }
}

/** The answer where the lock could not be tried. The rights tell more than LevelDB's words. */
export function unknownHolder(lock: string, answer: string, pids: number[] = []): Holder {
  const stat = lstatOrNull(lock);
  const lacks = stat?.isFile() === true ? missingRights(lock) : '';
  if (stat === null || lacks === '') return { held: 'unknown', pids, evidence: answer.replace(/^unknown: /, '') };
  return {
    held: 'unknown',
    pids,
    evidence: 'EACCES: permission denied',
    forbidden: { lacks, owner: Number(stat.uid) },
  };
}

function missingRights(file: string): string {
  const rights = [
    ['r', fs.constants.R_OK],
    ['w', fs.constants.W_OK],
  ] as const;
  const isMissing = (right: number): boolean => {
    try {
      fs.accessSync(file, right);
      return false;
    } catch (error) {
      return errnoOf(error) === 'EACCES';
    }
  };
  return rights
    .filter(([, right]) => isMissing(right))
    .map(([name]) => name)
    .join('');
}

/**
 * Whether a descriptor of this process may be that LOCK. fcntl locks do not exclude their own process, and closing LOCK would drop a lock that
 * it has: then another process must ask. Starting one costs as much as starting migbackup (docs/decisions/0007-lock-probe.md).
 */
function mayBeOpenHere({ dev, ino }: fs.BigIntStats): boolean {
  try {
    return fs.readdirSync(DESCRIPTORS).some((name) => {
      const open = fs.statSync(path.join(DESCRIPTORS, name), { bigint: true, throwIfNoEntry: false });
      return open?.ino === ino && open.dev === dev;
    });
  } catch {
    // Only Linux names them.
    return true;
  }
}

/** LevelDB opens LOCK without sharing on Windows, so opening it for reading tells. */
function holderOnWindows(lock: string): Holder {
  try {
    fs.closeSync(fs.openSync(lock, 'r'));
    return { held: 'no', pids: [], evidence: 'LOCK could be opened' };
  } catch (error) {
    const code = errnoOf(error) ?? '';
    const held = code === 'EBUSY' ? 'yes' : 'unknown';
    return { held, pids: [], evidence: `opening LOCK answered ${code}` };
  }
}

function runProbe(scratch: string, options: HolderOptions): Promise<string> {
  let probe = options.probe;
  try {
    probe ??= defaultProbe();
  } catch (error) {
    return Promise.resolve(`unknown: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { command, args } = probe;
  return new Promise((resolve) => {
    execFile(command, [...args, scratch], { timeout: PROBE_TIMEOUT_MS }, (error, stdout) => {
      const answer = stdout.trim();
      if (answer !== '') resolve(answer);
      else resolve(`unknown: the probe failed${error === null ? '' : `: ${error.message.split('\n')[0]}`}`);
    });
  });
}

function defaultProbe(): NonNullable<HolderOptions['probe']> {
  if (isSea()) return { command: process.execPath, args: [LOCK_PROBE] };
  return { command: process.execPath, args: ['-e', PROBE_SCRIPT, '--', classicLevelFile()] };
}

/** What another Node has to require, wherever it is started. */
export function classicLevelFile(): string {
  return createRequire(import.meta.url).resolve('classic-level');
}

/** Who has a lock on the inode, from /proc/locks. Only for naming: it lists nothing of other PID namespaces. */
export function lockHolders(inode: bigint): number[] {
  let text: string;
  try {
    text = fs.readFileSync('/proc/locks', 'latin1');
  } catch {
    return [];
  }
  const pids = new Set<number>();
  for (const line of text.split('\n')) {
    // 1: POSIX  ADVISORY  WRITE 4711 08:01:131073 0 EOF
    const match = /\s(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line);
    if (match !== null && match[2] === String(inode)) pids.add(Number(match[1]));
  }
  return [...pids];
}
