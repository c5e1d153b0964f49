import fs from 'node:fs';

/** Every call of node:fs that the transaction makes, those that only look included. */
const CALLS = [
  'chmodSync',
  'closeSync',
  'fchmodSync',
  'fsyncSync',
  'futimesSync',
  'lstatSync',
  'lutimesSync',
  'mkdirSync',
  'openSync',
  'readFileSync',
  'readSync',
  'readdirSync',
  'readlinkSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
  'symlinkSync',
  'unlinkSync',
  'utimesSync',
  'writeSync',
] as const;

export type CallName = (typeof CALLS)[number];

export interface Fault {
  /** Which call fails, counted from 1. */
  readonly at: number;
  /** `kill`: from there on nothing reaches the disk any more, as after SIGKILL. */
  readonly code: 'kill' | 'ENOSPC' | 'EIO' | 'EACCES' | 'EXDEV' | 'EBUSY';
  /** Every later call fails too, except those that only look or tidy up descriptors. */
  readonly forEver?: boolean;
}

export interface Outcome<T> {
  readonly value?: T;
  readonly error?: unknown;
  readonly calls: readonly string[];
  /** The call that failed first, or null if the fault never fired. */
  readonly fired: string | null;
}

/** A disk that refuses to be changed can still be looked at. */
const LOOKING: ReadonlySet<CallName> = new Set([
  'closeSync',
  'lstatSync',
  'openSync',
  'readFileSync',
  'readSync',
  'readdirSync',
  'readlinkSync',
]);

/** True if a fault is to hit this call. */
function hits(fault: Fault | null, name: CallName, count: number): boolean {
  if (fault === null || count < fault.at) return false;
  if (count === fault.at || fault.code === 'kill') return true;
  return fault.forEver === true && !LOOKING.has(name);
}

/**
 * Runs `work` with the functions of node:fs themselves exchanged, so that what ships is what is tested. `skip` says which calls are
 * silently left out: a deliberate defect, to prove that the test would see it.
 */
export async function withFault<T>(
  fault: Fault | null,
  work: () => T | Promise<T>,
  skip: (name: CallName, args: readonly unknown[]) => boolean = () => false,
): Promise<Outcome<T>> {
  const originals = new Map(CALLS.map((name) => [name, fs[name]]));
  const calls: string[] = [];
  let fired: string | null = null;
  for (const [name, original] of originals) {
    const exchanged = (...args: unknown[]): unknown => {
      calls.push(`${name} ${typeof args[0] === 'string' ? args[0] : ''}`);
      if (fault !== null && hits(fault, name, calls.length)) {
        fired ??= calls.at(-1) ?? name;
        // A descriptor is gone either way: with the process, or because close gives it up even when it fails.
        if (name === 'closeSync') Reflect.apply(original, fs, args);
        throw Object.assign(new Error(`${fault.code} injected into ${name}`), { code: fault.code });
      }
      if (skip(name, args)) return undefined;
      return Reflect.apply(original, fs, args);
    };
    Object.defineProperty(fs, name, { value: exchanged, configurable: true, writable: true });
  }
  try {
    return { value: await work(), calls, fired };
  } catch (error) {
    return { error, calls, fired };
  } finally {
    for (const [name, original] of originals) {
      Object.defineProperty(fs, name, { value: original, configurable: true, writable: true });
    }
  }
}
