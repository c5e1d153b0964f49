import { escapeName } from '../../core/paths/names.ts';
import type { InitReport } from '../../core/model/init-report.ts';
import { renderFindings } from './findings.ts';
import { sayFound } from './preset.ts';
import { type Paint, wrap } from './style.ts';
import { pasteable } from '../pasteable.ts';

/** More sources than that are counted only. */
const SHOWN = 30;

export function renderInit(report: InitReport, paint: Paint): string[] {
  const covered = report.sources.filter((source) => source.exists);
  const lines = [report.status === 'unchanged' ? `  ${paint.good('unchanged')}  everything is set up already` : ''];
  for (const change of report.changes) {
    const verb = report.dryRun ? `would ${change.action}` : change.action === 'create' ? 'created' : 'edited';
    lines.push(
      `  ${paint.good(verb)}  ${escapeName(change.file)}`,
      ...change.adds.map((item) => `    + ${escapeName(item)}`),
    );
  }
  lines.push(...renderFound(report.found));
  lines.push('  covered');
  lines.push(
    ...covered.slice(0, SHOWN).map(({ category, source, path }) => `    ${category}/${source}  ${escapeName(path)}`),
  );
  if (covered.length > SHOWN) lines.push(`    and ${covered.length - SHOWN} more: --json lists all`);
  lines.push(...renderFindings(report.findings, paint));
  lines.push(pasteable(report.dryRun ? '  Nothing was changed. Next: migbackup init' : '  Next: migbackup validate'));
  return lines.filter((line) => line !== '');
}

/** A line for each preset. Those that a config of before does not apply stand apart. */
function renderFound(found: InitReport['found']): string[] {
  const width = Math.max(0, ...found.map(({ preset }) => preset.length));
  const lines = (places: InitReport['found']): string[] =>
    [...Map.groupBy(places, ({ preset }) => preset)].map(([preset, here]) =>
      wrap(sayFound(here), `    ${preset.padEnd(width)}  `, width + 6),
    );
  const applied = lines(found.filter((each) => each.applied));
  const left = lines(found.filter((each) => !each.applied));
  return [
    ...(applied.length === 0 ? [] : ['  found', ...applied]),
    ...(left.length === 0 ? [] : ['  found, but the config does not apply it: add it to "presets" there', ...left]),
  ];
}
