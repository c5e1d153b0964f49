import { escapeName } from '../../core/paths/names.ts';
import type { DiffChange, DiffReport, DiffDatabase } from '../../core/model/diff-report.ts';
import { sayRecords } from '../../core/model/say-records.ts';
import { renderFindings } from './findings.ts';
import { formatBytes } from './format.ts';
import { table, wrap, type Paint } from './style.ts';

const SHOWN = 20;
const SIGN = { added: '+', removed: '-', changed: '~' } as const;

function renderDatabase({ path: at, engine, before, after, same, problem }: DiffDatabase): string[] {
  const path = escapeName(at);
  const count = (state: DiffDatabase['before']): string =>
    state === null ? 'none' : sayRecords({ engine, records: state.records });
  if (problem !== null) return [`  ! ${path}: one side cannot be read: ${escapeName(problem)}`];
  if (same) return [`  = ${path}: the same ${count(after)}`];
  const isUncounted = [before, after].some((state) => state?.records === null);
  if (before !== null && after !== null && isUncounted) {
    return [wrap(`${path}: ${sayRecords({ engine, records: null })}: its files say whether it differs`, '  ? ', 6)];
  }
  return [wrap(`${path}: ${count(before)} -> ${count(after)}`, '  ~ ', 6)];
}

/** What differs, with both values if they are short. */
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

/** @param all show every path, not only the first few */
export function renderDiff(report: DiffReport, paint: Paint, all = false): string[] {
  const { before, after, changes } = report;
  const lines = [
    `  before  ${paint.bold(before.backupId ?? before.where)}`,
    `  after   ${paint.bold(after.backupId ?? `the project as it is now, ${escapeName(after.where)}`)}`,
  ];
  if (report.selection.length > 0)
    lines.push(wrap(escapeName(report.selection.map((term) => `--only ${term}`).join(' ')), '  of      ', 10));
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
