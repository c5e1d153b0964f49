import type { AnyFinding } from './finding.ts';

interface Found {
  readonly findings?: readonly AnyFinding[];
  readonly recommendations?: readonly string[];
}

/**
 * The report as it is printed and stored: one with findings also has `recommendations`, each advice once. They are added only then, because operations
 * that add a finding would have to keep two lists in step.
 */
export function withRecommendations<Report extends object>(report: Report & Found): Report {
  const { findings, recommendations } = report;
  if (findings === undefined || recommendations !== undefined) return report;
  const advice = findings.flatMap(({ recommendation }) => (recommendation === undefined ? [] : [recommendation]));
  return { ...report, recommendations: [...new Set(advice)] };
}
