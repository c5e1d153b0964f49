import { escapeName } from '../../core/paths/names.ts';
import { databaseDetails } from '../../core/model/stated-databases.ts';
import { ENGINE_TITLES } from '../../core/model/engine-name.ts';
import type { ManifestDatabase } from '../../core/model/database.ts';
import type { ManifestCategory, ManifestSource } from '../../core/model/manifest.ts';
import { shellLine } from '../../core/model/shell-quote.ts';
import { sayRecords } from '../../core/model/say-records.ts';
import type { ShownEntry, ShowReport } from '../../core/model/show-report.ts';
import { sayDeployments } from '../../core/model/say-deployments.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, formatText, formatTime, saySigner } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { table, wrap, type Paint } from './style.ts';
import { backupWords, pasteable } from '../pasteable.ts';

function renderDatabase(database: ManifestDatabase): string[] {
  const details = databaseDetails(database).map((detail) => escapeName(detail));
  const live = database.captured.live === 'yes' ? ['in use while captured'] : [];
  const how = database.captured.how === 'backup-api' ? [`copied by ${ENGINE_TITLES[database.engine]} itself`] : [];
  const said = [ENGINE_TITLES[database.engine], sayRecords(database), ...details, ...live, ...how].join(', ');
  return [
    wrap(`${escapeName(database.path)}: ${said}`, '      ', 8),
    `        ${database.digest === null ? 'no digest' : `digest ${database.digest}`}`,
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
  const head = wrap(`${size}${kept}${status}`, `  ${paint.bold(escapeName(name))}  `, 4);
  return [head, ...category.sources.filter((source) => source.files > 0).flatMap(renderSource)];
}

function renderEntries(entries: readonly ShownEntry[]): string[] {
  const rows = entries.map((entry) => {
    const target = entry.target === undefined ? '' : ` -> ${escapeName(entry.target)}`;
    const slash = entry.type === 'dir' ? '/' : '';
    return [entry.mode, entry.type === 'file' ? formatBytes(entry.bytes) : '', escapeName(entry.path) + slash + target];
  });
  return ['', ...table(rows, ['left', 'right', 'left'])];
}

function renderHead(report: ShowReport, paint: Paint): string[] {
  const tags = Object.entries(report.tags).map(([key, value]) => formatText(`${key}=${value}`));
  const git = report.project.git;
  const rows = [
    ['taken', `${formatTime(new Date(report.createdAt))}, ${report.kind}, ${report.completeness}`],
    ['in', escapeName(report.fromFile ?? report.folder)],
    ['note', formatText(report.note ?? '')],
    ['tags', tags.join(', ')],
    [
      'git',
      git ? `${git.commit.slice(0, 12)} ${escapeName(git.branch ?? '')}${git.dirty ? ', with changes' : ''}` : '',
    ],
    ['signed by', report.signer ? saySigner(report.signer) : ''],
    ['secrets', report.holdsSecrets ? 'the backup holds files that count as secrets' : ''],
  ];
  const shown = rows.filter(([, value]) => value !== '');
  const width = Math.max(...shown.map(([label = '']) => label.length));
  return [
    `  ${paint.bold(report.backupId)}`,
    ...shown.map(([label = '', value = '']) => wrap(value, `  ${label.padEnd(width)}  `, width + 4)),
    '',
  ];
}

function renderDeployments({ deployments }: ShowReport, paint: Paint): string[] {
  if (deployments.addresses === 0) return [];
  return [wrap(sayDeployments(deployments), `  ${paint.bold('deployments')}  `, 4)];
}

/** @param repository absolute: where a backup is named by its id */
export function renderShow(report: ShowReport, paint: Paint, repository?: string): string[] {
  const shown = Object.entries(report.categories).filter(([, category]) => category.status !== 'absent');
  const more = (report.selected?.entries ?? 0) - (report.entries?.length ?? 0);
  const { files, bytes, archivedBytes } = report.totals;
  return [
    ...renderHead(report, paint),
    ...shown.flatMap(([name, category]) => renderCategory(name, category, paint)),
    ...renderDeployments(report, paint),
    ...renderFindings(report.findings, paint),
    ...(report.entries ? renderEntries(report.entries) : []),
    ...(report.entries && more > 0 ? [`  and ${more} more`] : []),
    '',
    `  ${plural(files, 'file')}, ${formatBytes(bytes)}, archived ${formatBytes(archivedBytes)}`,
    pasteable(`  Next: ${shellLine(['migbackup', 'verify', ...backupWords(report, repository)])}`),
  ];
}
