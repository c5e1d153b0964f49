import { spawn as spawnDirectly, spawnSync, type ChildProcess } from 'node:child_process';
import { isatty } from 'node:tty';
import { withGivenUmask } from '../fs/umask.ts';
import type { CommandResult } from '../model/guard-report.ts';

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The command's stdout goes to our stderr, because ours is one JSON document. */
  readonly stdoutToStderr: boolean;
}

/** Runs a command with our terminal and waits for its end; signals are passed on. Never throws: what happened is in the result. */
export async function runCommand(command: readonly string[], options: RunOptions): Promise<CommandResult> {
  // Windows starts npm and npx through .cmd files, which need quoting of their own.
  const spawn = process.platform === 'win32' ? (await import('cross-spawn')).default : spawnDirectly;
  const [program = '', ...args] = command;
  return waitFor(command, options, (stdio) =>
    withGivenUmask(() => spawn(program, args, { cwd: options.cwd, env: options.env, stdio })),
  );
}

/** The same for one line of shell, as the user typed it. */
export function runShell(line: string, options: RunOptions): Promise<CommandResult> {
  return waitFor([line], options, (stdio) =>
    withGivenUmask(() => spawnDirectly(line, { cwd: options.cwd, env: options.env, stdio, shell: true })),
  );
}

/** Every signal is passed on every time: a command that ignores one may end at the next. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type Stdio = ['inherit', 'inherit' | 2, 'inherit'];

function waitFor(
  command: readonly string[],
  { stdoutToStderr }: RunOptions,
  start: (stdio: Stdio) => ChildProcess,
): Promise<CommandResult> {
  const began = performance.now();
  return new Promise((resolve) => {
    const child = start(['inherit', stdoutToStderr ? 2 : 'inherit', 'inherit']);
    const pass = (signal: NodeJS.Signals): void => passOn(child, signal);
    const end = (parts: Pick<CommandResult, 'exitCode' | 'signal' | 'problem'>): void => {
      for (const signal of PASSED_ON) process.off(signal, pass);
      resolve({ command: [...command], ...parts, durationMs: Math.round(performance.now() - began) });
    };
    for (const signal of PASSED_ON) process.on(signal, pass);
    child.once('error', (error) => {
      // A signal that could not be delivered is an error too, but the command still runs.
      if (child.pid === undefined) end({ exitCode: null, signal: null, problem: error.message });
    });
    child.once('exit', (exitCode, ended) => end({ exitCode, signal: ended, problem: null }));
  });
}

/** A terminal sends Ctrl-C to the whole foreground group: then the command has it already, and a second one would cut its clean-up short. */
function passOn(child: ChildProcess, signal: NodeJS.Signals): void {
  if (signal === 'SIGINT' && isatty(0)) return;
  if (process.platform === 'win32' && child.pid !== undefined) {
    // There a signal would end only the shim, and what it started would run on.
    spawnSync('taskkill', ['/PID', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  child.kill(signal);
}

/** True if it ran and ended with 0. */
export function succeeded(result: CommandResult): boolean {
  return result.exitCode === 0;
}
