import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('shim.c', import.meta.url));

export interface ShimOptions {
  /** Only what is below this folder counts. */
  readonly root: string;
  /** Which call is hit, counted from 1. */
  readonly at?: number;
  readonly kind?: 'kill' | 'torn' | 'cut' | 'fill';
  /** The folder whose files fill the disk. */
  readonly fill?: string;
  /** Calls that do nothing and answer success, as `call:text in its path`. */
  readonly drop?: string;
  readonly log?: string;
}

/** One call that changed something, or was to. Times are nanoseconds of the monotonic clock. */
export interface Call {
  readonly mark: '' | 'hit' | 'dropped';
  readonly number: number;
  readonly begin: number;
  readonly end: number;
  readonly name: string;
  readonly path: string;
  readonly to: string;
}

/** Compiles the shim into `folder` and answers its path; null where it cannot be: it takes Linux and a C compiler. */
export function compileShim(folder: string): string | null {
  if (process.platform !== 'linux') return null;
  const library = path.join(folder, 'shim.so');
  try {
    execFileSync('cc', ['-O1', '-shared', '-fPIC', '-o', library, source, '-ldl', '-lpthread'], { stdio: 'pipe' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return library;
}

/** The environment under which a command runs with the shim. */
export function shimEnvironment(
  library: string,
  { root, at, kind, fill, drop, log }: ShimOptions,
): Record<string, string> {
  return {
    LD_PRELOAD: library,
    SHIM_ROOT: root,
    ...(at !== undefined && { SHIM_AT: String(at) }),
    ...(kind !== undefined && { SHIM_KIND: kind }),
    ...(fill !== undefined && { SHIM_FILL: fill }),
    ...(drop !== undefined && { SHIM_DROP: drop }),
    ...(log !== undefined && { SHIM_LOG: log }),
  };
}

/** What the shim wrote down, in order; nothing if it has written nothing. */
export function readCalls(log: string): Call[] {
  if (!fs.existsSync(log)) return [];
  const lines = fs.readFileSync(log, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => {
    const [number = '', begin, end, name = '', first = '', to = ''] = line.split('\t');
    const mark = number.startsWith('!') ? 'hit' : number.startsWith('-') ? 'dropped' : '';
    const plain = number.replace(/^[!-]/, '');
    return { mark, number: Number(plain), begin: Number(begin), end: Number(end), name, path: first, to };
  });
}
