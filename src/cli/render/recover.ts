import { escapeName } from '../../core/paths/names.ts';
import type { RecoverReport } from '../../core/model/recover-report.ts';
import { renderFindings } from './findings.ts';
import { wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

const SAYS: Readonly<Record<RecoverReport['outcome'], readonly [string, string]>> = {
  nothing: ['nothing to recover', 'No restore was interrupted.'],
  'removed-stage': ['cleaned up', 'A restore was interrupted before it changed anything; what it had staged is gone.'],
  completed: ['completed', 'An interrupted restore was finished.'],
  'taken-back': ['taken back', 'An interrupted restore was undone: the project is as it was before it.'],
};

export function renderRecover(report: RecoverReport, paint: Paint): string[] {
  const [done, meaning] = SAYS[report.outcome];
  const next = report.outcome === 'taken-back' || report.outcome === 'removed-stage';
  return [
    `  ${paint.good(done)}`,
    wrap(meaning, '  ', 4),
    ...renderFindings(report.findings, paint),
    ...(next ? [wrap(pasteable('Next: migbackup restore --dry-run shows what a restore would change'), '  ', 8)] : []),
    ...renderGuard(report, paint),
  ];
}

function renderGuard({ guard }: RecoverReport, paint: Paint): string[] {
  if (guard === null) return [];
  const command = guard.command.map(escapeName).join(' ');
  return [
    `  ${paint.warn('migbackup was killed while it guarded a command')}`,
    wrap(command, '  it ran: ', 4),
    `  The project is as the command left it; undo brings ${guard.backupId} back.`,
    pasteable('  Take it back: migbackup undo'),
  ];
}
