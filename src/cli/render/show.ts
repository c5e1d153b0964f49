import { escapeName } from '../../core/paths/names.ts';
import type { ManifestDatabase, ManifestCategory, ManifestSource } from '../../core/model/manifest.ts';
import type { ShownEntry, ShowReport } from '../../core/model/show-report.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, formatTime, plural } from './format.ts';
import { table, wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

/** What nearly every database is sorted by: only another comparator is worth a line. */
const BYTEWISE = 'leveldb.BytewiseComparator';

function renderDatabase(database: ManifestDatabase): string[] {
  const records = database.records === null ? 'not counted' : plural(database.records, 'record');
  const live = database.captured.live === 'yes' ? ', in use while captured' : '';
  const parts = `${plural(database.tables, 'table')}, ${plural(database.logs, 'log')}${live}`;
  return [
    wrap(`${escapeName(database.path)}: LevelDB, ${records}, ${parts}`, '      ', 8),
    `        ${database.digest === null ? 'no digest' : `digest ${database.digest}`}`,
    ...(database.comparator === BYTEWISE ? [] : [`        comparator ${escapeName(database.comparator)}`]),
  ];
}

function renderSource(source: ManifestSource): string[] {
  const size = `${plural(source.files, 'file')}, ${formatBytes(source.bytes)}`;
  const head = wrap(`${escapeName(source.name)}  ${escapeName(source.path)}  ${size}`, '    ', 6);
  return [head, ...(source.databases ?? []).flatMap(renderDatabase)];
}

function renderCategory(name: string, category: ManifestCategory, paint: Paint): string[] {
  const size = `${plural(category.files, 'file')}, ${formatBytes(category.bytes)}`;
  const kept = category.archive ? ` -> ${formatBytes(category.archive.size)}` : '';
  const status = category.status === 'complete' ? '' : `  ${category.status}`;
  const head = `  ${paint.bold(escapeName(name))}  ${size}${kept}${status}`;
  return [head, ...category.sources.filter((source) => source.files > 0).flatMap(renderSource)];
}

function renderEntries(entries: readonly ShownEntry[]): string[] {
  const rows = entries.map((entry) => {
    const target = entry.target === undefined ? '' : ` -> ${escapeName(entry.target)}`;
    const slash = entry.type === 'dir' ? '/' : '';
    return [entry.mode, entry.type === 'file' ? formatBytes(entry.size) : '', escapeName(entry.path) + slash + target];
  });
  return ['', ...table(rows, ['left', 'right', 'left'])];
}

function renderHead(report: ShowReport, paint: Paint): string[] {
  const tags = Object.entries(report.tags).map(([key, value]) => `${escapeName(key)}=${escapeName(value)}`);
  const git = report.project.git;
  const rows = [
    ['taken', `${formatTime(new Date(report.createdAt))}, ${report.kind}, ${report.completeness}`],
    ['in', escapeName(report.fromFile ?? report.folder)],
    ['note', escapeName(report.note ?? '')],
    ['tags', tags.join(', ')],
    [
      'git',
      git ? `${git.commit.slice(0, 12)} ${escapeName(git.branch ?? '')}${git.dirty ? ', with changes' : ''}` : '',
    ],
    ['secrets', report.holdsSecrets ? 'files that count as secrets are in it' : ''],
  ];
  return [
    `  ${paint.bold(report.backupId)}`,
    ...table(
      rows.filter(([, value]) => value !== ''),
      ['left', 'left'],
    ),
    '',
  ];
}

export function renderShow(report: ShowReport, paint: Paint): string[] {
  const shown = Object.entries(report.categories).filter(([, category]) => category.status !== 'absent');
  const more = (report.selected?.entries ?? 0) - (report.entries?.length ?? 0);
  const { files, bytes, archivedBytes } = report.totals;
  return [
    ...renderHead(report, paint),
    ...shown.flatMap(([name, category]) => renderCategory(name, category, paint)),
    ...renderFindings(report.findings, paint),
    ...(report.entries ? renderEntries(report.entries) : []),
    ...(report.entries && more > 0 ? [`  and ${more} more`] : []),
    '',
    `  ${plural(files, 'file')}, ${formatBytes(bytes)}, archived ${formatBytes(archivedBytes)}`,
    pasteable(`  Next: migbackup verify ${report.backupId}`),
  ];
}
