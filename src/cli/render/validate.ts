import { escapeName } from '../../core/paths/names.ts';
import { ENGINE_TITLES } from '../../core/model/engine-name.ts';
import { sayDeployments } from '../../core/model/say-deployments.ts';
import { sayRecords } from '../../core/model/say-records.ts';
import type { CheckResult, ValidateReport } from '../../core/model/validate-report.ts';
import { nameSome, renderAdvice } from './findings.ts';
import { formatBytes } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { lineWidth, table, wrap, type Paint } from './style.ts';
import { pasteable } from '../pasteable.ts';

function mark(check: CheckResult, paint: Paint): string {
  if (check.status === 'info') return paint.dim(' -');
  return check.status === 'warning' ? paint.warn(' !') : paint.bad(' x');
}

function renderCheck(check: CheckResult, paint: Paint): string[] {
  const { message, paths = [] } = check;
  const lines = [wrap(escapeName(message), `  ${mark(check, paint)}  `, 6)];
  const said = paths.every((path) => message.includes(path));
  if (!said) lines.push(wrap(nameSome(paths), '      ', 6));
  if (check.recommendation) lines.push(wrap(check.recommendation, `      ${paint.dim('->')} `, 9));
  return lines;
}

/** In each group, the checks that are ok share one line, and each of the others has its own. JSON has every check. */
function renderGroups(checks: readonly CheckResult[], paint: Paint): string[] {
  const groups = Map.groupBy(checks, (check) => check.group);
  const width = Math.max(...[...groups.keys()].map((group) => group.length));
  return [...groups].flatMap(([group, members]) => {
    const good = members.filter(({ status }) => status === 'ok');
    const room = lineWidth() - width - '  ok  '.length;
    const head =
      good.length === 0
        ? paint.bold(group)
        : `${paint.bold(group)}${' '.repeat(width - group.length)}  ${paint.good('ok')}  ${sayGood(good, room)}`;
    return [
      head,
      ...good.flatMap((check) => renderNotLookedAt(check, paint)),
      ...members.filter(({ status }) => status !== 'ok').flatMap((check) => renderCheck(check, paint)),
    ];
  });
}

/** The message of the first check if there is room, and how many more there are. */
function sayGood([first, ...others]: readonly CheckResult[], room: number): string {
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  const said = `${escapeName(first?.message ?? '')}${more}`;
  return said.length <= room ? said : plural(others.length + 1, 'check');
}

/** What a check could not look at gets a line of its own, because `ok` does not cover it. */
function renderNotLookedAt({ evidence = {} }: CheckResult, paint: Paint): string[] {
  const kinds = evidence['notLookedAt'];
  if (!Array.isArray(kinds) || kinds.length === 0) return [];
  return [wrap(`not looked at: ${kinds.join(', ')}; the tools for that are missing`, `  ${paint.dim(' -')}  `, 6)];
}

type Database = ValidateReport['inventory'][string]['databases'][number];

function sayDatabase({ path, engine, records, held, pids, problem }: Database): string {
  const counted = problem === null ? `, ${sayRecords({ engine, records })}` : '';
  const holder = held === 'no' ? '' : pids.length === 0 ? ', in use' : `, pid ${pids.join(', ')}`;
  return `${escapeName(path)}: ${ENGINE_TITLES[engine]}${counted}${holder}`;
}

function renderInventory(report: ValidateReport, paint: Paint): string[] {
  const holding = Object.entries(report.inventory).filter(([, { files, symlinks }]) => files + symlinks > 0);
  const rows = holding.map(([name, category]) => [
    escapeName(name),
    plural(category.files, 'file'),
    formatBytes(category.bytes),
  ]);
  const lines = table(rows, ['left', 'right', 'right']);
  const databases = holding.map(([, category]) =>
    category.databases.map((database) => wrap(sayDatabase(database), '    ', 6)),
  );
  if (rows.length === 0) return [];
  const { deployments } = report;
  return [
    paint.bold('would be backed up'),
    ...lines.flatMap((line, at) => [line, ...(databases[at] ?? [])]),
    ...(deployments.addresses === 0 ? [] : [wrap(sayDeployments(deployments), '  deployments: ', 4)]),
  ];
}

function verdict(report: ValidateReport, paint: Paint): string {
  const figures = `${plural(report.totals.files, 'file')}, ${formatBytes(report.totals.bytes)}`;
  if (report.status === 'HEALTHY') return pasteable(`${paint.good('HEALTHY')}  ${figures}. Next: migbackup create`);
  if (report.status === 'WARNING')
    return pasteable(`${paint.warn('WARNING')}  ${figures}. A backup works: migbackup create`);
  const critical = report.checks.filter(({ status }) => status === 'critical');
  if (critical.every(({ id }) => id === 'state-gone')) return `${paint.bad('CRITICAL')}  state is gone; see x above`;
  return `${paint.bad('CRITICAL')}  a backup or a restore would fail here; see x above`;
}

export function renderValidate(report: ValidateReport, paint: Paint): string[] {
  const said = new Set(report.checks.map((check) => check.recommendation));
  const further = report.recommendations.filter((advice) => !said.has(advice));
  return [
    ...renderGroups(report.checks, paint),
    ...renderInventory(report, paint),
    ...renderAdvice(further, paint),
    '',
    verdict(report, paint),
    ...(report.reportFile ? [`Report: ${escapeName(report.reportFile)}`] : []),
  ];
}
