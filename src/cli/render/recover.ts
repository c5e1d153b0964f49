import type { Paint } from './style.ts';

/** What `recover` did, as far as a person needs to know. */
interface Recovered {
  readonly outcome: 'nothing' | 'removed-stage' | 'completed' | 'taken-back';
}

const SAYS: Readonly<Record<Recovered['outcome'], readonly [string, string]>> = {
  nothing: ['nothing to recover', 'No restore was interrupted.'],
  'removed-stage': ['cleaned up', 'A restore was interrupted before it changed anything; what it had staged is gone.'],
  completed: ['completed', 'An interrupted restore was finished and checked.'],
  'taken-back': ['taken back', 'An interrupted restore was undone: the project is as it was before it.'],
};

export function renderRecover(report: Recovered, paint: Paint): string[] {
  const [done, meaning] = SAYS[report.outcome];
  const next = report.outcome === 'taken-back' || report.outcome === 'removed-stage';
  return [
    `  ${paint.good(done)}`,
    `  ${meaning}`,
    ...(next ? ['  Next: migbackup restore --dry-run shows what a restore would change'] : []),
  ];
}
