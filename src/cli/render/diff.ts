import { escapeName } from '../../core/paths/names.ts';
import type { DiffChange, DiffReport, DiffDatabase } from '../../core/model/diff-report.ts';
import type { Deployment } from '../../core/model/recorded-deployments.ts';
import { sayChain } from '../../core/model/say-deployments.ts';
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

/** What was done to the deployments that registries record, with whole addresses. */
function renderDeployments({ added, removed, changed }: DiffReport['deployments'], all: boolean): string[] {
  const say = ({ name, chainId }: Deployment): string =>
    `${name === null ? '' : `${escapeName(name)} on `}${escapeName(sayChain(chainId))}`;
  const lines = [
    ...removed.map((each) => wrap(`${say(each)}: ${each.address}, in ${escapeName(each.file)}`, '  - ', 6)),
    ...added.map((each) => wrap(`${say(each)}: ${each.address}, in ${escapeName(each.file)}`, '  + ', 6)),
    ...changed.map(({ before, after }) => wrap(`${say(before)}: ${sayChanged(before, after)}`, '  ~ ', 6)),
  ];
  if (lines.length === 0) return [];
  const shown = all ? lines : lines.slice(0, SHOWN);
  const more = lines.length - shown.length;
  return [
    `  deployments: ${added.length} added, ${removed.length} removed, ${changed.length} changed`,
    ...shown,
    ...(more > 0 ? [`    and ${more} more: --verbose lists them`] : []),
  ];
}

function sayChanged(before: Deployment, after: Deployment): string {
  const facts = [
    ['', before.address, after.address],
    ['name ', before.name ?? 'none', after.name ?? 'none'],
    ['implementation ', before.implementation ?? 'none', after.implementation ?? 'none'],
    ['code hash ', before.codeHash ?? 'none', after.codeHash ?? 'none'],
  ] as const;
  const other = facts.filter(([, was, is]) => was.toLowerCase() !== is.toLowerCase());
  return other.map(([what, was, is]) => `${what}${escapeName(was)} -> ${escapeName(is)}`).join(', ') || 'proxy';
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
  const deployments = renderDeployments(report.deployments, all);
  if (report.same) {
    return [
      ...lines,
      `  ${paint.good('same')}  nothing differs`,
      ...report.databases.flatMap(renderDatabase),
      ...deployments,
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
    ...deployments,
    ...findings,
  ];
}
