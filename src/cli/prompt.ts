import { createInterface } from 'node:readline/promises';
import { BackupError } from '../core/model/backup-error.ts';
import { SIGNALS } from './interrupt.ts';
import { printErr } from './output.ts';

/**
 * Asks a yes/no question on the terminal; anything but y or yes is a no, and so is the end of input (Ctrl-D).
 * Throws INTERRUPTED if `signal` is raised while it waits; without `signal`, Ctrl-C and the signals that end a program mean no.
 */
export async function askYesNo(question: string, signal?: AbortSignal): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // Without this a closed stdin would leave the question open for ever.
  const ended = new Promise<null>((resolve) => asking.once('close', () => resolve(null)));
  let why = '';
  const decline = (name: NodeJS.Signals): void => {
    why = `${name}: taken as a no`;
    asking.close();
  };
  // readline handles Ctrl-C itself while it reads, but here it has to mean what it means everywhere else.
  asking.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  if (!signal) for (const name of SIGNALS) process.once(name, decline);
  try {
    const answer = await Promise.race([asking.question(`${question} (y/N) `, signal ? { signal } : {}), ended]);
    // The cursor is still on the line of the question.
    if (answer === null) printErr(why);
    return answer !== null && /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    printErr('');
    throw new BackupError('INTERRUPTED', 'interrupted before an answer; nothing was changed', {
      hint: 'Run the same command again when you are ready.',
    });
  } finally {
    for (const name of SIGNALS) process.off(name, decline);
    asking.close();
  }
}
