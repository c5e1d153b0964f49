import { escapeName } from '../../core/paths/names.ts';
import type { RestorePlan } from '../../core/model/restore-report.ts';
import { formatBytes } from './format.ts';
import { plural } from '../../core/model/plural.ts';
import { renderFindings } from './findings.ts';
import { table, wrap, type Paint } from './style.ts';

/** Up to this many paths are named; if there are more, only the figures are shown. JSON has all paths. */
const NAMED = 10;

type PlanCategory = RestorePlan['categories'][string];

function describe(category: PlanCategory): string {
  const parts: string[] = [];
  if (category.replace.files > 0) parts.push(`replace ${category.replace.files}`);
  if (category.add.files > 0) parts.push(`add ${category.add.files}`);
  if (category.remove.files > 0) parts.push(`remove ${category.remove.files}`);
  return parts.length === 0 ? 'nothing to change' : parts.join(', ');
}

function row(name: string, category: PlanCategory): string[] {
  const bytes = category.add.bytes + category.replace.bytes;
  return [escapeName(name), describe(category), bytes > 0 ? formatBytes(bytes) : ''];
}

/** What the backup does not have, and a restore leaves where it is. */
export function renderKept({ keptExtras }: Pick<RestorePlan, 'keptExtras'>): string[] {
  if (keptExtras.length === 0) return [];
  const more = keptExtras.length > NAMED ? [`and ${keptExtras.length - NAMED} more (--json names them)`] : [];
  const names = [...keptExtras.slice(0, NAMED).map(escapeName), ...more].join(', ');
  return [wrap(names, '  stays: ', 9), '  The backup does not have what stays; --exact removes it.'];
}

/** The paths if they are few, without the folders if those make them many. */
function nameFew({ changes }: RestorePlan): string[] {
  const files = changes.filter(({ type }) => type !== 'dir');
  const few = [changes, files].find(({ length }) => length <= NAMED) ?? [];
  const rows = few.map(({ action, path, type }) => [action, escapeName(path) + (type === 'dir' ? '/' : '')]);
  return table(rows, ['left', 'left']);
}

/** The hash names exactly this plan; `--plan` takes it. */
export const renderPlanHash = ({ hash }: RestorePlan): string => `  plan  ${hash}`;

/** What a restore would do, before it does anything. Figures count files. */
export function renderPlan(plan: RestorePlan, paint: Paint): string[] {
  const rows = Object.entries(plan.categories).map(([name, category]) => row(name, category));
  const folders = plan.changes.filter(({ type }) => type === 'dir').length;
  const untouched = plan.untouched.map(escapeName).join(', ');
  return [
    `  from  ${paint.bold(plan.backupId)}`,
    `  into  ${escapeName(plan.target)}`,
    ...table(rows, ['left', 'left', 'right']),
    ...renderKept(plan),
    ...(untouched ? [wrap(untouched, '  untouched: ', 13)] : []),
    ...nameFew(plan),
    `  ${plural(plan.changes.length, 'path')} would change${folders > 0 ? `, ${plural(folders, 'folder')} among them` : ''}`,
    ...renderFindings(plan.findings, paint),
  ];
}
