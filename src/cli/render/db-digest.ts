import type { DbDigestReport } from '../../core/model/db-digest-report.ts';
import { ENGINE_TITLES } from '../../core/model/engine-name.ts';
import { sayRecords } from '../../core/model/say-records.ts';
import { databaseDetails } from '../../core/model/stated-databases.ts';
import { escapeName } from '../../core/paths/names.ts';
import { pasteable } from '../pasteable.ts';
import { renderFindings } from './findings.ts';
import { formatDuration } from './format.ts';
import { table, wrap, type Paint } from './style.ts';

function verdict({ stated, agrees, backupId }: DbDigestReport, paint: Paint): string[] {
  if (agrees === null) return [];
  if (agrees) return [`  ${paint.good('as stated')}  the manifest says the same`];
  const what = `the manifest says ${stated?.records ?? 'uncounted'} records, digest ${stated?.digest ?? 'none'}`;
  return [wrap(what, `  ${paint.bad('differs')}  `, 4), pasteable(`  Next: migbackup verify ${backupId}`)];
}

export function renderDbDigest(report: DbDigestReport, paint: Paint): string[] {
  const { facts, backupId, database, durationMs } = report;
  const details = databaseDetails(facts).map((detail) => escapeName(detail));
  const rows = [
    ['records', facts.records === null ? sayRecords(facts) : String(facts.records)],
    ['digest', facts.digest ?? 'none'],
    ['database', [ENGINE_TITLES[facts.engine], ...details].join(', ')],
  ];
  return [
    wrap(`${backupId === null ? '' : `${backupId}:`}${escapeName(database)}`, '  ', 4),
    ...table(rows, ['left', 'left']),
    ...verdict(report, paint),
    ...renderFindings(report.findings, paint),
    `  read in full, ${formatDuration(durationMs)}`,
  ];
}
