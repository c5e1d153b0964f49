import { printErr } from './output.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What is going on when a signal comes. */
interface Doing {
  readonly phase: string | undefined;
  /** A command of the user's runs: it gets the signal and decides when it ends. */
  readonly command: boolean;
}

/**
 * An AbortSignal that the first Ctrl-C (SIGINT, SIGTERM, SIGHUP) raises, with the signal's name as reason. The operation then takes back
 * what it began; a second signal does not cut that short, it only says what is going on.
 */
export function abortOnSignals(doing: () => Doing): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    const { phase, command } = doing();
    if (command) printErr(`${name}: waiting for the command to end`);
    else if (controller.signal.aborted)
      printErr(`still taking back what was begun${phase ? ` (${phase})` : ''}; it will end by itself`);
    else printErr('interrupted: taking back what was begun ...');
    controller.abort(name);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return controller.signal;
}
