import { createInterface } from 'node:readline/promises';
import { throwIfInterrupted } from '../core/model/backup-error.ts';

/**
 * Asks a yes/no question on the terminal; anything but y or yes is a no, so is the end of input.
 * Throws INTERRUPTED when the signal is raised while it waits; without one, Ctrl-C and SIGTERM are a no.
 */
export async function askYesNo(question: string, signal?: AbortSignal): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // Without this a closed stdin would leave the question open for ever.
  const ended = new Promise<string>((resolve) => asking.once('close', () => resolve('')));
  // readline takes Ctrl-C for itself while it reads; it has to mean what it means everywhere else.
  const decline = (): void => asking.close();
  asking.once('SIGINT', signal ? () => process.kill(process.pid, 'SIGINT') : decline);
  if (!signal) process.once('SIGTERM', decline);
  try {
    const answer = await Promise.race([asking.question(`${question} (y/N) `, signal ? { signal } : {}), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    throwIfInterrupted(signal);
    throw error;
  } finally {
    process.off('SIGTERM', decline);
    asking.close();
  }
}
