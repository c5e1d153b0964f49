import { printErr } from './output.ts';

/** The signals that ask a program to end. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What is going on when a signal comes. */
export interface Doing {
  readonly phase: string | undefined;
  /** While a guarded command runs, it gets the signal too and decides when to end. After that, a signal no longer cuts anything short. */
  readonly command: 'none' | 'running' | 'ended';
  /** A question waits for its answer. The signal counts as one, and the code that asks prints what follows from it. */
  readonly asking: boolean;
}

/**
 * An AbortSignal that the first Ctrl-C (SIGINT, SIGTERM, SIGHUP) raises, with the signal's name as reason. The operation then takes back
 * what it began. A second signal does not cut that short: it only makes us print what is going on.
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

/** The phases that nothing is taken back of. */
const CONTINUED = new Set(['pushing', 'fetching']);

function whatHappens(name: NodeJS.Signals, { phase, command, asking }: Doing, again: boolean): string | null {
  if (asking) return null;
  if (command === 'running') return `${name}: waiting for the command to end`;
  const at = phase ? ` (${phase})` : '';
  if (command === 'ended') return `${name}: the command has ended; the rest finishes by itself${at}`;
  // What was sent or fetched stays, and the next run goes on with it.
  if (!again && phase !== undefined && CONTINUED.has(phase))
    return `${name}: stopping; the same command goes on from here`;
  // The signal may come too late to take anything back; the last line that is printed says what happened.
  return again
    ? `${name}: still stopping${at}; this finishes by itself`
    : `${name}: stopping; what was begun is taken back, unless it is done already`;
}
