import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isSea } from 'node:sea';
import { lstatOrNull, removeTree } from '../../fs/durable.ts';
import { errnoOf } from '../../model/backup-error.ts';
import type { Holder } from '../engine.ts';
import { LOCK_PROBE } from './lock-probe.ts';
import { scratchPlaces } from './scratch-places.ts';

export interface TryOptions {
  /** The command to try the lock with, even if this process could do it. The scratch folder is its last argument, and it prints what PROBE_SCRIPT prints. */
  readonly probe?: { readonly command: string; readonly args: readonly string[] };
}

const PROBE_TIMEOUT_MS = 10_000;

/**
 * The script of the probe. Its arguments are the path of classic-level and a scratch folder whose LOCK is a link to the real one. Prints `free`,
 * `held` or `unknown: why`. Its own `require` would read the package.json of the folder that it runs in, which may be broken.
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
 * Tries the fcntl lock on a whole file and releases it: an empty scratch database is opened whose LOCK is a link to the file. The file must exist,
 * and nothing is written to it. A child process does this, because this process may have the lock itself and would not be kept out by it. LevelDB
 * syncs its scratch database meanwhile, so for some milliseconds nobody else can have the lock.
 * @returns `free`, `held` or `unknown: why`
 */
export async function tryLock(file: string, options: TryOptions = {}): Promise<string> {
  let answer = '';
  for (const place of scratchPlaces(path.dirname(file))) {
    answer = await tryFrom(place, file, options);
    if (answer === 'free' || answer === 'held') break;
  }
  return answer;
}

async function tryFrom(place: string, file: string, options: TryOptions): Promise<string> {
  let scratch: string | null = null;
  try {
    scratch = fs.mkdtempSync(`${place}${process.pid}-`);
    fs.symlinkSync(file, path.join(scratch, 'LOCK'));
    const answer = await runProbe(scratch, options);
    return answer.replaceAll(scratch, path.dirname(file));
  } catch (error) {
    if (!(error instanceof Error) || errnoOf(error) === undefined) throw error;
    return `unknown: ${error.message}`;
  } finally {
    if (scratch !== null) removeTree(scratch);
  }
}

/** The answer if the lock could not be tried. If rights are missing, they are named, because they tell more than LevelDB's message. */
export function unknownHolder(lock: string, answer: string, pids: number[] = []): Holder {
  const stat = lstatOrNull(lock);
  const lacks = stat?.isFile() === true ? missingRights(lock) : '';
  if (stat === null || lacks === '') return { held: 'unknown', pids, evidence: answer.replace(/^unknown: /, '') };
  return {
    held: 'unknown',
    pids,
    evidence: 'EACCES: permission denied',
    forbidden: { name: path.basename(lock), lacks, owner: Number(stat.uid) },
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

/** libuv's UV_FS_O_EXLOCK: Windows opens the file only if nobody else has it open. Node does not name it. */
const ALONE = 0x1000_0000;

/** Asks by opening the file, on Windows: nobody can open LevelDB's LOCK or a SQLite database exclusively while another process has it open. */
export function askByOpening(file: string): Holder {
  const name = path.basename(file);
  try {
    fs.closeSync(fs.openSync(file, fs.constants.O_RDONLY | ALONE));
    return { held: 'no', pids: [], evidence: `${name} could be opened alone` };
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code === 'ENOENT') return { held: 'no', pids: [], evidence: `${name} is not there` };
    const held = code === 'EBUSY' ? 'yes' : 'unknown';
    return { held, pids: [], evidence: `opening ${name} answered ${code}` };
  }
}

function runProbe(scratch: string, options: TryOptions): Promise<string> {
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

function defaultProbe(): NonNullable<TryOptions['probe']> {
  if (isSea()) return { command: process.execPath, args: [LOCK_PROBE] };
  return { command: process.execPath, args: ['-e', PROBE_SCRIPT, '--', classicLevelFile()] };
}

/** The file that another Node has to require, whatever folder it is started in. */
export function classicLevelFile(): string {
  return createRequire(import.meta.url).resolve('classic-level');
}
