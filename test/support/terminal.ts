import { spawn, spawnSync } from 'node:child_process';
import { shellLine } from '../../src/core/model/shell-quote.ts';
import { cleanEnvironment, cliCommand } from './run-cli.ts';

/*
 * Runs the command line on a terminal of its own: a pseudo terminal that `script` of util-linux makes. What is typed goes through the terminal's
 * line discipline, so Ctrl-C is a signal where a program left it one, and a key where it reads keys.
 */

const asked = spawnSync('script', ['--version'], { encoding: 'utf8' });
/** Elsewhere `script` has other flags, or there is none. */
export const hasTerminal = process.platform === 'linux' && /util-linux/.test(asked.stdout ?? '');

const HUNG_MS = 20_000;
export const CTRL_C = '\u0003';
export const CTRL_D = '\u0004';

/** What a person does: types, or sends a signal from elsewhere. */
export type Act = { readonly type: string } | { readonly signal: NodeJS.Signals };

/** The same, once a text is on the screen, and so long after that. */
export type Step = { readonly after: string; readonly waitMs?: number } & Act;

export interface OnTerminal {
  readonly exitCode: number | null;
  /** All that was on the screen: stdout and stderr, without the terminal's control sequences. */
  readonly screen: string;
  /** The same with them: colours show here. */
  readonly raw: string;
}

/** Runs `migbackup` on a terminal of 80 columns, does the steps in order, and waits for its end. Throws if a step's text never came. */
export async function runOnTerminal(
  args: readonly string[],
  steps: readonly Step[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<OnTerminal> {
  const line = `stty cols 80 rows 24; echo pid $$; exec ${shellLine([...cliCommand(), ...args])}`;
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd,
    env: { ...cleanEnvironment(), TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let raw = '';
  let screen = '';
  let next = 0;
  let from = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    raw += chunk.toString();
    screen += clean(chunk.toString());
    for (let step = steps[next]; step !== undefined && screen.includes(step.after, from); step = steps[next]) {
      from = screen.indexOf(step.after, from) + step.after.length;
      next++;
      const act = step;
      setTimeout(() => {
        if ('type' in act) child.stdin.write(act.type);
        else process.kill(Number(/^pid (\d+)/.exec(screen)?.[1]), act.signal);
      }, act.waitMs ?? 0);
    }
  });
  // Ending `script` ends what it runs: a question that nobody's answer ended fails the test with what is on the screen.
  const hung = setTimeout(() => child.kill('SIGTERM'), HUNG_MS);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(hung);
  if (next < steps.length) throw new Error(`${JSON.stringify(steps[next]?.after)} never came:\n${screen}`);
  return { exitCode, screen, raw };
}

/** Without colours, cursor moves and carriage returns. */
function clean(text: string): string {
  return text.replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}
