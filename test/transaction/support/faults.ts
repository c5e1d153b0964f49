import fs from 'node:fs';
import { PageCache } from './page-cache.ts';

/** Every call of node:fs that the operations make, those that only look included. */
const CALLS = [
  'accessSync',
  'chmodSync',
  'closeSync',
  'copyFileSync',
  'existsSync',
  'fchmodSync',
  'fchownSync',
  'fstatSync',
  'fsyncSync',
  'ftruncateSync',
  'futimesSync',
  'lchownSync',
  'linkSync',
  'lstatSync',
  'lutimesSync',
  'mkdirSync',
  'mkdtempSync',
  'openSync',
  'readFileSync',
  'readSync',
  'readdirSync',
  'readlinkSync',
  'realpathSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
  'statSync',
  'statfsSync',
  'symlinkSync',
  'unlinkSync',
  'utimesSync',
  'writeFileSync',
  'writeSync',
] as const;

/** Of fs.promises, whose calls reject instead of throwing. */
const ASYNC_CALLS = ['unlink'] as const;

/** Those that answer by calling back, on libuv's pool. */
const CALLBACK_CALLS = ['fdatasync', 'fsync', 'write'] as const;

export type CallName =
  | (typeof CALLS)[number]
  | (typeof CALLBACK_CALLS)[number]
  | `promises.${(typeof ASYNC_CALLS)[number]}`;
type Args = readonly unknown[];

/** A call that gives something that is there a name in another place: a file gets a second one, a folder another one. */
export function isPlacing(name: string): boolean {
  return name === 'renameSync' || name === 'linkSync';
}

export interface Fault {
  /** Which call fails, counted from 1. */
  readonly at: number;
  /**
   * `kill`: from there on nothing reaches the disk any more, as after SIGKILL. `power`: the same, and what was written to a file and not
   * synced is not in it.
   */
  readonly code: 'kill' | 'power' | 'ENOSPC' | 'EIO' | 'EACCES' | 'EXDEV' | 'EBUSY';
  /** Every later call fails too, except those that only look or tidy up descriptors. */
  readonly forEver?: boolean;
}

export interface Outcome<T> {
  readonly value?: T;
  readonly error?: unknown;
  readonly calls: readonly string[];
  /** Which of them, counted from 1, change what is on the disk or make it durable. */
  readonly changing: readonly number[];
  /** The call that failed first, or null if the fault never fired. */
  readonly fired: string | null;
}

/** A disk that refuses to be changed can still be looked at. */
const LOOKING: ReadonlySet<CallName> = new Set([
  'accessSync',
  'closeSync',
  'existsSync',
  'fstatSync',
  'lstatSync',
  'readFileSync',
  'readSync',
  'readdirSync',
  'readlinkSync',
  'realpathSync',
  'statSync',
  'statfsSync',
]);

const { O_WRONLY, O_RDWR, O_CREAT } = fs.constants;

function isChanging(name: CallName, args: Args): boolean {
  if (name !== 'openSync') return !LOOKING.has(name);
  const flags = args[1] ?? 'r';
  return typeof flags === 'number' ? (flags & (O_WRONLY | O_RDWR | O_CREAT)) !== 0 : flags !== 'r';
}

/** True for a fault after which the process is gone. */
export function isDeath({ code }: Pick<Fault, 'code'>): boolean {
  return code === 'kill' || code === 'power';
}

/** Descriptors of files below /proc. */
const ofProcesses = new Set<unknown>();

/** /proc is no disk, and is asked as often as there are processes and lines: a call of it is neither counted nor hit. */
function isAboutProcesses(name: CallName, [about]: Args): boolean {
  return String(about).startsWith('/proc') || ((name === 'readSync' || name === 'closeSync') && ofProcesses.has(about));
}

function rememberProcesses<T>(name: CallName, [about]: Args, result: T): T {
  if (name === 'openSync') ofProcesses.add(result);
  if (name === 'closeSync') ofProcesses.delete(about);
  return result;
}

type Callable = (...args: never[]) => unknown;

function isCallback(value: unknown): value is (...args: unknown[]) => void {
  return typeof value === 'function';
}

/** Puts another function in the place of one of a module. */
export function exchange(of: object, name: string, value: unknown): void {
  Object.defineProperty(of, name, { value, configurable: true, writable: true });
}

/** True if a fault is to hit this call. */
function hits(fault: Fault, count: number, changing: boolean): boolean {
  if (count < fault.at) return false;
  return count === fault.at || isDeath(fault) || (fault.forEver === true && changing);
}

/**
 * Runs `work` with the functions of node:fs themselves exchanged, so that what ships is what is tested. `skip` says which calls are
 * silently left out: a deliberate defect, to prove that the test would see it.
 */
export async function withFault<T>(
  fault: Fault | null,
  work: () => T | Promise<T>,
  skip: (name: CallName, args: Args) => boolean = () => false,
): Promise<Outcome<T>> {
  const originals = new Map(CALLS.map((name) => [name, fs[name]]));
  const callingBack = new Map(CALLBACK_CALLS.map((name) => [name, fs[name]]));
  const asynchronous = new Map(ASYNC_CALLS.map((name) => [name, fs.promises[name]]));
  const calls: string[] = [];
  const changing: number[] = [];
  const cache = fault?.code === 'power' ? new PageCache() : null;
  let fired: string | null = null;
  const disturbed = (name: CallName, original: Callable, of: object) => {
    const call = (args: Args): unknown => Reflect.apply(original, of, args);
    return (...args: unknown[]): unknown => {
      if (isAboutProcesses(name, args)) return rememberProcesses(name, args, call(args));
      calls.push(`${name} ${typeof args[0] === 'string' ? args[0] : ''}`);
      const changes = isChanging(name, args);
      if (changes) changing.push(calls.length);
      if (fault !== null && hits(fault, calls.length, changes)) {
        fired ??= calls.at(-1) ?? name;
        // A descriptor is gone either way: with the process, or because close gives it up even when it fails.
        if (name === 'closeSync') call(args);
        // It never throws: what cannot be looked at is not there.
        if (name === 'existsSync') return false;
        throw Object.assign(new Error(`${fault.code} injected into ${name}`), { code: fault.code });
      }
      if (skip(name, args)) return undefined;
      cache?.before(name, args);
      const result = call(args);
      cache?.after(name, args, result);
      return result;
    };
  };
  for (const [name, original] of originals) {
    const value = disturbed(name, original, fs);
    exchange(fs, name, Object.defineProperties(value, Object.getOwnPropertyDescriptors(original)));
  }
  for (const [name, original] of callingBack) {
    // What is done before the call counts; what it makes durable counts once it has called back.
    const begun = disturbed(name, () => undefined, fs);
    exchange(fs, name, (...args: unknown[]) => {
      const answer = args.pop();
      if (!isCallback(answer)) throw new Error(`${name} without a callback is not known here`);
      try {
        begun(...args);
      } catch (error) {
        setImmediate(answer, error);
        return;
      }
      Reflect.apply(original, fs, [
        ...args,
        (error: unknown, ...results: unknown[]) => {
          if (error === null) cache?.after(name, args, results[0]);
          answer(error, ...results);
        },
      ]);
    });
  }
  for (const [name, original] of asynchronous) {
    const value = disturbed(`promises.${name}`, original, fs.promises);
    exchange(fs.promises, name, async (...args: unknown[]) => value(...args));
  }
  const restore = (): void => {
    for (const [name, original] of [...originals, ...callingBack]) exchange(fs, name, original);
    for (const [name, original] of asynchronous) exchange(fs.promises, name, original);
    cache?.lose();
  };
  try {
    const value = await work();
    restore();
    return { value, calls, changing, fired };
  } catch (error) {
    restore();
    return { error, calls, changing, fired };
  }
}
