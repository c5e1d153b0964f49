import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** Compiles the program that writes through memory; null where it cannot be: it takes Linux and a C compiler. */
export function compileMapper(folder: string): string | null {
  if (process.platform !== 'linux') return null;
  const program = path.join(folder, 'mapper');
  try {
    execFileSync('cc', ['-O1', '-o', program, path.join(import.meta.dirname, 'mapper.c')], { stdio: 'pipe' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return program;
}

/** Rewrites a file through memory for as long as the scope lasts, with pauses of at most so many milliseconds. */
export async function startMapper(
  program: string,
  file: string,
  size: number,
  pause: number,
): Promise<AsyncDisposable> {
  const mapper = spawn(program, [file, String(size), String(pause * 1000)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(mapper.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      mapper.kill('SIGKILL');
      await once(mapper, 'exit');
    },
  };
}
