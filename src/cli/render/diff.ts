import { escapeName } from '../../core/paths/names.ts';
import type { DiffChange, DiffReport, DiffDatabase } from '../../core/model/diff-report.ts';
import type { Deployment } from '../../core/model/recorded-deployments.ts';
import { sayChain } from '../../core/model/say-deployments.ts';
import { plural } from '../../core/model/plural.ts';
import { sayRecords } from '../../core/model/say-records.ts';
import { renderContent } from './diff-content.ts';
import { renderFindings } from './findings.ts';
import { formatBytes } from './format.ts';
import { table, wrap, type Paint } from './style.ts';

const SHOWN = 20;
const SIGN = { added: '+', removed: '-', changed: '~' } as const;

/** Named after the counts of a database, unless all are asked for. */
const NAMED = 5;
const MAX_KEY = 60;

/** @param all name each record that the report lists, on a line of its own */
function renderDatabase(database: DiffDatabase, all: boolean): string[] {
  const { path: at, engine, before, after, same, records, problem } = database;
  const path = escapeName(at);
  const count = (state: DiffDatabase['before']): string =>
    state === null ? 'none' : sayRecords({ engine: state.engine, records: state.records });
  if (problem !== null) {
    const what = before !== null && after !== null ? 'its records were not compared' : 'one side cannot be read';
    return [wrap(`${path}: ${what}: ${escapeName(problem)}`, '  ! ', 6)];
  }
  if (same) return [`  = ${path}: the same ${count(after)}`];
  if (records !== null) return renderRecords(database, records, all);
  const isUncounted = [before, after].some((state) => state?.records === null);
  if (before !== null && after !== null && isUncounted) {
    return [wrap(`${path}: ${sayRecords({ engine, records: null })}: its files say whether it differs`, '  ? ', 6)];
  }
  return [wrap(`${path}: ${count(before)} -> ${count(after)}`, '  ~ ', 6)];
}

function renderRecords(
  { path, changes, moreChanges }: DiffDatabase,
  { added, removed, changed, same }: NonNullable<DiffDatabase['records']>,
  all: boolean,
): string[] {
  const parts = [
    [changed, 'changed'],
    [removed, 'removed'],
    [added, 'added'],
  ] as const;
  const [first, ...others] = parts.filter(([count]) => count > 0);
  if (first === undefined) {
    const what = `no record differs (${plural(same, 'record')}), but something else in it does, such as the definition of a table`;
    return [wrap(`${escapeName(path)}: ${what}`, '  ~ ', 6)];
  }
  const counts = [`${plural(first[0], 'record')} ${first[1]}`, ...others.map(([count, how]) => `${count} ${how}`)];
  const head = `${escapeName(path)}: ${counts.join(', ')}`;
  if (all) {
    const lines = changes.map(({ key, change }) => `      ${SIGN[change]} ${key}`);
    const more = moreChanges > 0 ? [`      and ${moreChanges} more: migbackup db diff --limit lists them`] : [];
    return [wrap(head, '  ~ ', 6), ...lines, ...more];
  }
  const named = [...Map.groupBy(changes.slice(0, NAMED), ({ change }) => change)].map(([change, some]) => {
    const keys = some.map(({ key }) => (key.length > MAX_KEY ? `${key.slice(0, MAX_KEY)}…` : key)).join(', ');
    return others.length === 0 ? keys : `${change} ${keys}`;
  });
  const more = added + removed + changed - Math.min(NAMED, changes.length);
  return [wrap(`${head}: ${[...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')}`, '  ~ ', 6)];
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
  const { content } = report;
  if (report.selection.length > 0 && content === undefined)
    lines.push(wrap(escapeName(report.selection.map((term) => `--only ${term}`).join(' ')), '  of      ', 10));
  const findings = renderFindings(report.findings, paint);
  if (content !== undefined) {
    const beside = [
      ...report.databases.flatMap((database) => renderDatabase(database, all)),
      // Its content is shown, but nothing says yet that its mode differs.
      ...(content.same ? changes.map(renderChange) : []),
    ];
    return [
      ...lines,
      ...renderContent(content, paint, all),
      ...(content.as === 'database' || content.same ? beside : []),
      ...findings,
    ];
  }
  const deployments = renderDeployments(report.deployments, all);
  if (report.same) {
    return [
      ...lines,
      `  ${paint.good('same')}  nothing differs`,
      ...report.databases.flatMap((database) => renderDatabase(database, all)),
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
    ...report.databases.flatMap((database) => renderDatabase(database, all)),
    ...shown.map(renderChange),
    ...(more > 0 ? [`    and ${more} more: --verbose lists them`] : []),
    ...deployments,
    ...findings,
  ];
}
