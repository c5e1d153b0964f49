import { escapeName } from '../../core/paths/names.ts';
import type { LeveldbDigestReport } from '../../core/model/leveldb-digest-report.ts';
import { formatBytes, formatDuration, plural } from './format.ts';
import { table, wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

function verdict({ stated, agrees }: LeveldbDigestReport, paint: Paint): string[] {
  if (agrees === null) return [];
  if (agrees) return [`  ${paint.good('as stated')}  the manifest says the same`];
  const what = `the manifest says ${stated?.records ?? 'uncounted'} records, digest ${stated?.digest ?? 'none'}`;
  return [wrap(what, `  ${paint.bad('differs')}  `, 4), pasteable('  Next: migbackup verify')];
}

export function renderLeveldbDigest(report: LeveldbDigestReport, paint: Paint): string[] {
  const { records, digest, comparator, tables, logs, keyBytes, valueBytes, lastSequence } = report;
  const where = report.backupId === null ? '' : `${report.backupId}:`;
  const rows = [
    ['records', records === null ? `not counted (comparator ${escapeName(comparator)})` : String(records)],
    ['digest', digest ?? 'none'],
    ['content', `${formatBytes(keyBytes)} of keys, ${formatBytes(valueBytes)} of values`],
    ['files', `${plural(tables, 'table')}, ${plural(logs, 'log')}, last sequence ${lastSequence}`],
  ];
  return [
    wrap(`${where}${escapeName(report.database)}`, '  ', 4),
    ...table(rows, ['left', 'left']),
    ...verdict(report, paint),
    `  every checksum was checked, ${formatDuration(report.durationMs)}`,
  ];
}
