import type { PruneReport } from '../../core/model/prune-report.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, formatText } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { wrap, type Paint } from './style.ts';

/** What stays and what will be removed. Each backup has two lines, so that reasons and notes have room. */
export function renderPrunePlan({ keep, remove, orphans = [] }: PruneReport): string[] {
  const row = (verb: string, { backupId, bytes }: { backupId: string; bytes: number }, why: string): string[] => [
    `  ${verb.padEnd(6)}  ${backupId}  ${formatBytes(bytes)}`,
    ...(why === '' ? [] : [wrap(formatText(why), '          ', 10)]),
  ];
  return [
    ...keep.flatMap((backup) => row('keep', backup, backup.reasons.join(', '))),
    ...remove.flatMap((backup) => row('remove', backup, backup.note ?? '')),
    ...orphans.flatMap(({ objects, uploads, ...orphan }) =>
      row('remove', orphan, `no commit names ${plural(objects, 'object')} and ${plural(uploads, 'unfinished upload')}`),
    ),
  ];
}

export function renderPrune(report: PruneReport, paint: Paint): string[] {
  const { remove, freedBytes, dryRun, orphans = [] } = report;
  const word = report.remote === undefined ? plural(remove.length, 'backup') : plural(remove.length, 'copy', 'copies');
  const rest = orphans.length === 0 ? '' : ` and ${plural(orphans.length, 'remainder')}`;
  const what = `${word}${rest}, ${formatBytes(freedBytes)}`;
  const ending =
    remove.length + orphans.length === 0
      ? `  ${paint.good('nothing to remove')}`
      : dryRun
        ? `  would remove ${what}. Nothing was changed.`
        : `  ${paint.good('removed')}  ${what}`;
  return [...renderPrunePlan(report), ...renderFindings(report.findings, paint), ending];
}
