import { escapeName } from '../../core/fs/names.ts';
import type { PruneReport } from '../../core/model/prune-report.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, plural } from './format.ts';
import { table, type Paint } from './style.ts';

/** What stays and what goes, before anything does. */
export function renderPrunePlan({ keep, remove }: PruneReport): string[] {
  const stays = keep.map(({ id, bytes, reasons }) => ['keep', id, formatBytes(bytes), escapeName(reasons.join(', '))]);
  const goes = remove.map(({ id, bytes, note }) => ['remove', id, formatBytes(bytes), escapeName(note ?? '')]);
  return table([...stays, ...goes], ['left', 'left', 'right', 'left']);
}

export function renderPrune(report: PruneReport, paint: Paint): string[] {
  const { remove, freed, dryRun } = report;
  const what = `${plural(remove.length, 'backup')}, ${formatBytes(freed)}`;
  const ending =
    remove.length === 0
      ? `  ${paint.good('nothing to remove')}`
      : dryRun
        ? `  would remove ${what}. Nothing was changed.`
        : `  ${paint.good('removed')}  ${what}`;
  return [...renderPrunePlan(report), ...renderFindings(report.findings, paint), ending];
}
