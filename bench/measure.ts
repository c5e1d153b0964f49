/** Runs a command line under GNU time. */
import { spawnSync } from 'node:child_process';

export interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** Wall and CPU seconds and peak resident memory of a shell command and all its children. Throws what it said if it fails. */
export function measure(command: string, cwd: string, env: NodeJS.ProcessEnv): Sample {
  const began = performance.now();
  const args = ['-f', 'figures %M %U %S', 'sh', '-c', command];
  const result = spawnSync('time', args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  const seconds = (performance.now() - began) / 1000;
  const figures = /figures (\d+) ([\d.]+) ([\d.]+)\s*$/.exec(result.stderr ?? '');
  if (result.status !== 0 || figures === null) throw new Error(`${command}\n${result.error?.message ?? result.stderr}`);
  const [, kib, user, system] = figures.map(Number);
  return { seconds, cpuSeconds: (user ?? 0) + (system ?? 0), peakMiB: (kib ?? 0) / 1024 };
}

/** What a command prints, or null if it cannot be run or fails. */
export function ask(command: string, cwd: string, env: NodeJS.ProcessEnv): string | null {
  const result = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  return result.status === 0 ? result.stdout.trim() : null;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const half = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1) };
}
