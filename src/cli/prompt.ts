import { createInterface } from 'node:readline/promises';
import { throwIfInterrupted } from '../core/model/backup-error.ts';

/**
 * Asks a yes/no question on the terminal; anything but y or yes is a no, so is the end of input.
 * Throws INTERRUPTED when the signal is raised while it waits.
 */
export async function askYesNo(question: string, signal?: AbortSignal): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // Without this a closed stdin would leave the question open for ever.
  const ended = new Promise<string>((resolve) => asking.once('close', () => resolve('')));
  // readline takes Ctrl-C for itself while it reads; it has to mean what it means everywhere else.
  asking.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await Promise.race([asking.question(`${question} (y/N) `, signal ? { signal } : {}), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    throwIfInterrupted(signal);
    throw error;
  } finally {
    asking.close();
  }
}
