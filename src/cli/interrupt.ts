import { printErr } from './output.ts';

/** What asks a program to end. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What is going on when a signal comes. */
export interface Doing {
  readonly phase: string | undefined;
  /** A command of the user's runs: it gets the signal and decides when it ends. Once it has ended, nothing is cut short any more. */
  readonly command: 'none' | 'running' | 'ended';
  /** A question waits for its answer: the signal is one, and whoever asks says what comes of it. */
  readonly asking: boolean;
}

/**
 * An AbortSignal that the first Ctrl-C (SIGINT, SIGTERM, SIGHUP) raises, with the signal's name as reason. The operation then takes back
 * what it began; a second signal does not cut that short, it only says what is going on.
 */
export function abortOnSignals(doing: () => Doing): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    const said = whatHappens(name, doing(), controller.signal.aborted);
    if (said !== null) printErr(said);
    controller.abort(name);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return controller.signal;
}

function whatHappens(name: NodeJS.Signals, { phase, command, asking }: Doing, again: boolean): string | null {
  if (asking) return null;
  if (command === 'running') return `${name}: waiting for the command to end`;
  const at = phase ? ` (${phase})` : '';
  if (command === 'ended') return `${name}: the command has ended; what follows ends by itself${at}`;
  // It may have come too late to take anything back: what is printed last says what became of it.
  return again
    ? `${name}: still stopping${at}; it ends by itself`
    : `${name}: stopping; what was begun is taken back, unless it is done already`;
}
