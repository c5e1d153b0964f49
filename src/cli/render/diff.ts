import { escapeName } from '../../core/paths/names.ts';
import type { DiffChange, DiffReport, DiffDatabase } from '../../core/model/diff-report.ts';
import { renderFindings } from './findings.ts';
import { formatBytes, plural } from './format.ts';
import { table, type Paint } from './style.ts';

const SHOWN = 20;
const SIGN = { added: '+', removed: '-', changed: '~' } as const;

function renderDatabase(database: DiffDatabase): string[] {
  const count = (state: DiffDatabase['before']): string =>
    state === null ? 'none' : String(state.records ?? 'uncounted');
  const path = escapeName(database.path);
  if (database.problem !== null) return [`  ! ${path}: one side does not read: ${escapeName(database.problem)}`];
  if (database.same) return [`  = ${path}: the same ${plural(database.after?.records ?? 0, 'record')}`];
  return [`  ~ ${path}: ${count(database.before)} -> ${count(database.after)} records`];
}

/** What differs, with both values where they are short. */
function sayDifference(what: DiffChange['differs'][number], change: DiffChange): string {
  if (what === 'mode') return `mode ${change.modeBefore} -> ${change.modeAfter}`;
  const sizes = change.bytesBefore !== change.bytesAfter;
  if (what !== 'content' || !sizes) return what;
  return `${formatBytes(change.bytesBefore ?? 0)} -> ${formatBytes(change.bytesAfter ?? 0)}`;
}

function renderChange(changed: DiffChange): string {
  const { change, path, type, differs } = changed;
  const how = differs.length > 0 ? `  (${differs.map((what) => sayDifference(what, changed)).join(', ')})` : '';
  return `  ${SIGN[change]} ${escapeName(path)}${type === 'dir' ? '/' : ''}${how}`;
}

/** @param all show every path, not the first few */
export function renderDiff(report: DiffReport, paint: Paint, all = false): string[] {
  const { before, after, changes } = report;
  const lines = [
    `  before  ${paint.bold(before.backupId ?? before.where)}`,
    `  after   ${paint.bold(after.backupId ?? `the project as it is now, ${escapeName(after.where)}`)}`,
  ];
  const findings = renderFindings(report.findings, paint);
  if (report.same) {
    return [
      ...lines,
      `  ${paint.good('same')}  nothing differs`,
      ...report.databases.flatMap(renderDatabase),
      ...findings,
    ];
  }
  const rows = Object.entries(report.categories)
    .filter(([, { added, removed, changed }]) => added + removed + changed > 0)
    .map(([name, { added, removed, changed }]) => [
      escapeName(name),
      `${added} added`,
      `${removed} removed`,
      `${changed} changed`,
    ]);
  const shown = all ? changes : changes.slice(0, SHOWN);
  const more = changes.length - shown.length;
  return [
    ...lines,
    ...table(rows, ['left', 'right', 'right', 'right']),
    ...report.databases.flatMap(renderDatabase),
    ...shown.map(renderChange),
    ...(more > 0 ? [`    and ${more} more: --verbose lists them`] : []),
    ...findings,
  ];
}
