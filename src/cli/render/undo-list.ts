import { escapeName } from '../../core/paths/names.ts';
import { shellLine } from '../../core/model/shell-quote.ts';
import type { UndoListReport } from '../../core/model/undo-list-report.ts';
import { pasteable } from '../pasteable.ts';
import { wrap, type Paint } from './style.ts';

type Listed = UndoListReport['operations'][number];

function howOf({ id, possible, after }: Listed): string {
  if (possible === 'now') return pasteable(`      Take it back: ${shellLine(['migbackup', 'undo', id])}`);
  if (possible === 'later' && after === null) return '      Possible once that is finished.';
  if (possible === 'later') return `      Possible once ${escapeName(after ?? '')} is taken back.`;
  return '      Not possible: the repository does not have what was replaced by this or since.';
}

/** Newest first. */
export function renderUndoList({ root, operations, unfinished }: UndoListReport, paint: Paint): string[] {
  const open = unfinished === null ? [] : [wrap(unfinished.message, `  ${paint.warn('!')} `, 4)];
  if (typeof unfinished?.command === 'string') open.push(pasteable(`    Next: ${unfinished.command}`));
  if (operations.length === 0) return [`  nothing that migbackup did in ${escapeName(root)} can be undone`, ...open];
  const steps = operations.flatMap((listed) => [
    `  ${paint.bold(escapeName(listed.id))}${listed.next ? '  (the last: undo takes it back)' : ''}`,
    wrap(`${escapeName(listed.what)} (${escapeName(listed.time)})`, '      ', 6),
    wrap(`once it is taken back, the project is ${escapeName(listed.becomes)}`, '      ', 6),
    howOf(listed),
  ]);
  return [...open, ...steps];
}
