import { escapeName } from '../../core/paths/names.ts';
import type { AnyFinding } from '../../core/model/finding.ts';
import { plural } from '../../core/model/plural.ts';
import { wrap, type Paint } from './style.ts';

const SHOWN_PATHS = 3;
const SHOWN_OF_A_KIND = 3;

function mark(finding: AnyFinding, paint: Paint): string {
  if (finding.severity === 'error') return paint.bad('x');
  return finding.severity === 'warning' ? paint.warn('!') : paint.dim('-');
}

/** `a.json, b.json, c.json and 9 more`, names escaped. */
export function nameSome(paths: readonly string[]): string {
  const shown = paths.slice(0, SHOWN_PATHS).map(escapeName).join(', ');
  const more = paths.length - SHOWN_PATHS;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function renderFinding(finding: AnyFinding, paint: Paint): string[] {
  const named = finding.path === undefined || finding.message.includes(escapeName(finding.path));
  const about = named ? '' : `${escapeName(finding.path ?? '')}: `;
  const lines = [wrap(`${about}${escapeName(finding.message)}`, `  ${mark(finding, paint)} `, 4)];
  const affects = finding.affects ?? [];
  if (affects.length > 0) {
    lines.push(wrap(`affects ${plural(affects.length, 'file')}: ${nameSome(affects)}`, '    ', 6));
  }
  return lines;
}

/** Findings of one kind: the first few, how many more there are, and what to do about them, said once. */
function renderKind(findings: readonly AnyFinding[], paint: Paint): string[] {
  const advice = new Set(findings.flatMap((finding) => finding.recommendation ?? []));
  const more = findings.length - SHOWN_OF_A_KIND;
  return [
    ...findings.slice(0, SHOWN_OF_A_KIND).flatMap((finding) => renderFinding(finding, paint)),
    ...(more > 0 ? [`    and ${more} more of this kind: --json lists all of them`] : []),
    ...[...advice].slice(0, SHOWN_OF_A_KIND).map((line) => wrap(line, `    ${paint.dim('->')} `, 7)),
  ];
}

/** The findings, worst first, each kind together; `--json` has every one of them. */
export function renderFindings(findings: readonly AnyFinding[], paint: Paint): string[] {
  const order = { error: 0, warning: 1, info: 2 };
  const sorted = findings.toSorted((a, b) => order[a.severity] - order[b.severity]);
  const kinds = Map.groupBy(sorted, ({ severity, code }) => `${severity} ${code}`);
  return [...kinds.values()].flatMap((kind) => renderKind(kind, paint));
}

/** Each piece of advice begins a line. */
export function renderAdvice(recommendations: readonly string[], paint: Paint): string[] {
  return recommendations.map((advice) => wrap(advice, `  ${paint.dim('->')} `, 5));
}
