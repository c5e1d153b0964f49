import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { UndoListReport } from '../model/undo-list-report.ts';
import { describeStep, stepsSoFar, type Step } from '../history/undo-steps.ts';
import { unfinished } from '../history/unfinished.ts';
import { listBackups } from '../repository/catalog.ts';
import { startReport } from '../repository/report-head.ts';

type Listed = UndoListReport['operations'][number];

/**
 * What undo can take back, newest first. Reads the operation log and changes nothing. While a restore is unfinished, none can be taken back yet. Throws
 * IO if this user may not see whether one is.
 */
export async function undoList(
  project: Project,
  _options: Record<string, never>,
  context: Context,
): Promise<UndoListReport> {
  const head = startReport(context);
  const pending = unfinished(project.root);
  const { back, forth, last } = stepsSoFar(project);
  const held = new Set(listBackups(project.repository).map(({ id }) => id));
  const listed = [back, forth]
    .flatMap((steps) => inOrder(steps, held, last))
    .map((step) => (pending === null ? step : afterwards(step)));
  const operations = listed.toSorted((a, b) => Number(b.next) - Number(a.next) || (a.time < b.time ? 1 : -1));
  return { ...head(), operation: 'undo-list', root: project.root, operations, unfinished: pending };
}

/** Which step undo takes next is known only once the restore has ended, because it may become a step itself. */
function afterwards(step: Listed): Listed {
  return { ...step, next: false, possible: step.possible === 'now' ? 'later' : step.possible };
}

/** Each step can be taken back only after the one above it: if that one cannot be, none below it can. */
function inOrder(steps: readonly Step[], held: ReadonlySet<string>, last: Step | undefined): Listed[] {
  let above: string | null = null;
  let blocked = false;
  return steps.toReversed().map((step): Listed => {
    const { safetyId } = step.record;
    blocked ||= safetyId === null || !held.has(safetyId);
    const possible = blocked ? 'never' : above === null ? 'now' : 'later';
    const listed = { ...describeStep(step), next: step === last, possible, after: above } as const;
    above = step.id;
    return listed;
  });
}
