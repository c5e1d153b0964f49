import { printErr } from './output.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * An AbortSignal that the first Ctrl-C (SIGINT, SIGTERM, SIGHUP) raises. The operation then takes back what it began;
 * a second signal does not cut that short, it only says what is going on.
 */
export function abortOnSignals(currentPhase: () => string | undefined): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) {
      const phase = currentPhase();
      printErr(`still taking back what was begun${phase ? ` (${phase})` : ''}; it will end by itself`);
      return;
    }
    printErr('interrupted: taking back what was begun ...');
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return controller.signal;
}
