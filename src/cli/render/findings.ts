import { escapeName } from '../../core/fs/names.ts';
import type { Finding } from '../../core/model/finding.ts';
import { plural } from './format.ts';
import { wrap, type Paint } from './style.ts';

const SHOWN_PATHS = 3;
const SHOWN_FINDINGS = 20;

function mark(finding: Finding, paint: Paint): string {
  if (finding.severity === 'error') return paint.bad('x');
  return finding.severity === 'warning' ? paint.warn('!') : paint.dim('-');
}

/** `a.json, b.json, c.json and 9 more`, names escaped. */
export function nameSome(paths: readonly string[]): string {
  const shown = paths.slice(0, SHOWN_PATHS).map(escapeName).join(', ');
  const more = paths.length - SHOWN_PATHS;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function renderFinding(finding: Finding, paint: Paint): string[] {
  const named = finding.path === undefined || finding.message.includes(escapeName(finding.path));
  const about = named ? '' : `${escapeName(finding.path ?? '')}: `;
  const lines = [wrap(`${about}${escapeName(finding.message)}`, `  ${mark(finding, paint)} `, 4)];
  const affects = finding.affects ?? [];
  if (affects.length > 0) {
    lines.push(wrap(`affects ${plural(affects.length, 'file')}: ${nameSome(affects)}`, '    ', 6));
  }
  if (finding.recommendation) lines.push(wrap(finding.recommendation, `    ${paint.dim('->')} `, 7));
  return lines;
}

/** The findings, worst first, and how many more there are than fit; `--json` has all of them. */
export function renderFindings(findings: readonly Finding[], paint: Paint): string[] {
  const order = { error: 0, warning: 1, info: 2 };
  const sorted = findings.toSorted((a, b) => order[a.severity] - order[b.severity]);
  const lines = sorted.slice(0, SHOWN_FINDINGS).flatMap((finding) => renderFinding(finding, paint));
  const more = sorted.length - SHOWN_FINDINGS;
  if (more > 0) lines.push(`  ${plural(more, 'more finding')}: --json lists all of them`);
  return lines;
}

/** Advice, one a line. */
export function renderAdvice(recommendations: readonly string[], paint: Paint): string[] {
  return recommendations.map((advice) => wrap(advice, `  ${paint.dim('->')} `, 5));
}
