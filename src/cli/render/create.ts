import { escapeName } from '../../core/paths/names.ts';
import type { CreateReport } from '../../core/model/create-report.ts';
import type { ManifestCategory } from '../../core/model/manifest.ts';
import { sayRecordsOf } from '../../core/model/say-records.ts';
import { databasesIn } from '../../core/model/stated-databases.ts';
import { renderFindings } from './findings.ts';
import { renderCopy } from './push.ts';
import { formatBytes, formatDuration } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { table, type Paint, wrap } from './style.ts';
import { pasteable } from '../pasteable.ts';

function remark(category: ManifestCategory, proven: boolean): string {
  // Without an archive, the column before this one says it.
  if (category.status === 'partial') return category.archive ? 'partial' : '';
  return sayRecordsOf(databasesIn(category), proven);
}

/** One aligned row for each category that holds something. */
export function categoryTable(categories: CreateReport['categories'], proven: boolean): string[] {
  const rows = Object.entries(categories)
    .filter(([, category]) => category.status !== 'absent')
    .map(([name, category]) => [
      escapeName(name),
      plural(category.files, 'file'),
      formatBytes(category.bytes),
      category.archive ? `-> ${formatBytes(category.archive.size)}` : category.status,
      remark(category, proven),
    ]);
  return table(rows, ['left', 'right', 'right', 'left', 'left']);
}

/** create never looks at file flags, because that takes long: if only these are missing, there is nothing new to say. */
function renderNotLookedAt({ notLookedAt }: CreateReport, paint: Paint): string[] {
  if (notLookedAt.every((kind) => kind === 'file flags')) return [];
  return [wrap(`not looked at: ${notLookedAt.join(', ')}; no backup keeps them`, `  ${paint.dim('-')} `, 4)];
}

export function renderCreate(report: CreateReport, paint: Paint): string[] {
  const proven = report.verified !== null;
  const { files, bytes } = report.totals;
  const figures = `${plural(files, 'file')}, ${formatBytes(bytes)} in ${formatDuration(report.durationMs)}`;
  const whole = report.completeness === 'complete';
  const status = `, ${whole ? 'complete' : paint.warn('partial')}`;
  const named = whole ? '--latest' : report.backupId;
  const proof = proven ? paint.good('verified') : paint.warn('not verified');
  return [
    ...categoryTable(report.categories, proven),
    ...renderFindings(report.findings, paint),
    ...renderNotLookedAt(report, paint),
    '',
    `  ${paint.bold(report.backupId)}`,
    `  ${figures}, ${proof}${status}`,
    `  ${escapeName(report.folder)}`,
    ...(report.signature ? [wrap(`signed by ${report.signature.fingerprint}`, '  ', 4)] : []),
    ...(report.copies ?? []).map((copy) => renderCopy(copy, paint)),
    proven
      ? wrap(pasteable(`Next: migrate; migbackup restore ${named} brings this back`), '  ', 8)
      : pasteable(`  Next: migbackup verify ${named}`),
  ];
}
