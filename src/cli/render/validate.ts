import { escapeName } from '../../core/fs/names.ts';
import type { CheckResult, ValidateReport } from '../../core/model/validate-report.ts';
import { nameSome, renderAdvice } from './findings.ts';
import { formatBytes, plural } from './format.ts';
import { table, wrap, type Paint } from './style.ts';

function mark(check: CheckResult, paint: Paint): string {
  if (check.status === 'ok') return paint.good('ok');
  if (check.status === 'info') return paint.dim(' -');
  return check.status === 'warning' ? paint.warn(' !') : paint.bad(' x');
}

function renderCheck(check: CheckResult, paint: Paint): string[] {
  const lines = [wrap(escapeName(check.message), `  ${mark(check, paint)}  `, 6)];
  if (check.status !== 'ok' && check.paths && check.paths.length > 0)
    lines.push(wrap(nameSome(check.paths), '      ', 6));
  if (check.recommendation) lines.push(wrap(check.recommendation, `      ${paint.dim('->')} `, 9));
  return lines;
}

function renderGroups(checks: readonly CheckResult[], paint: Paint): string[] {
  const groups = Map.groupBy(checks, (check) => check.group);
  return [...groups].flatMap(([group, members]) => [
    paint.bold(group),
    ...members.flatMap((check) => renderCheck(check, paint)),
  ]);
}

function renderInventory(report: ValidateReport, paint: Paint): string[] {
  const rows = Object.entries(report.inventory)
    .filter(([, category]) => category.files > 0)
    .map(([name, category]) => [
      escapeName(name),
      plural(category.files, 'file'),
      formatBytes(category.bytes),
      category.stores.map((store) => `${escapeName(store.path)} (${store.engine})`).join(', '),
    ]);
  return rows.length === 0
    ? []
    : [paint.bold('would be backed up'), ...table(rows, ['left', 'right', 'right', 'left'])];
}

function verdict(report: ValidateReport, paint: Paint): string {
  const figures = `${plural(report.totals.files, 'file')}, ${formatBytes(report.totals.bytes)}`;
  if (report.status === 'HEALTHY') return `${paint.good('HEALTHY')}  ${figures}. Next: migbackup create`;
  if (report.status === 'WARNING') return `${paint.warn('WARNING')}  ${figures}. A backup works: migbackup create`;
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
