import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const checkoutBin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

export interface CliResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Set on top of a clean environment: no CI, no colour wishes, none of our variables from outside. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** The program under test and its leading arguments: MIGBACKUP_BIN (a binary) or bin/run.js under this Node. */
export function cliCommand(): [string, ...string[]] {
  const binary = process.env['MIGBACKUP_BIN'];
  return binary ? [binary] : [process.execPath, checkoutBin];
}

/** The environment without wishes of whoever runs the tests: no CI, no colours, none of our variables. */
export function cleanEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    const ours =
      name.startsWith('MIGBACKUP_') ||
      ['CI', 'GITHUB_ACTIONS', 'NO_COLOR', 'FORCE_COLOR', 'NODE_ENV', 'VITEST'].includes(name);
    if (value !== undefined && !ours) kept[name] = value;
  }
  return kept;
}

export interface RunningCli {
  readonly process: ChildProcess;
  readonly ended: Promise<CliResult>;
}

/** Starts `migbackup` as a real process, without a terminal. */
export function startCli(args: readonly string[], { cwd, env, stdin = '' }: CliOptions = {}): RunningCli {
  const [program, ...leading] = cliCommand();
  const child = spawn(program, [...leading, ...args], {
    ...(cwd !== undefined && { cwd }),
    env: { ...cleanEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<CliResult>((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(stdin);
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      resolve({ exitCode, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
  });
  return { process: child, ended };
}

/** Runs `migbackup` as a real process, without a terminal, to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).ended;
}
