/** The results as Markdown, for docs/performance.md. */
import type { Line } from './alone.ts';
import type { Cell } from './cell.ts';

export function renderCell({ task, size, about, rounds, rows, absent, without }: Cell): string {
  const head = `### ${task} ${size} (${about})\n\nMedian of ${rounds} rounds in turn; every outcome compared byte by byte.\n\n`;
  const table = [
    '| | seconds (min-max) | CPU seconds | peak MiB | migbackup takes |',
    '|---|---|---|---|---|',
    ...rows.map(
      ({ name, seconds: { median, min, max }, cpuSeconds, peakMiB, ratio }) =>
        `| ${name} | ${fixed(median)} (${fixed(min)}-${fixed(max)}) | ${fixed(cpuSeconds)} | ${peakMiB.toFixed(0)} | ${name === 'migbackup' ? '' : `${fixed(ratio)} x`} |`,
    ),
  ];
  return `${head}${table.join('\n')}\n${list('Not installed', absent)}${list('Without such a task', without)}`;
}

function list(what: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `\n${what}: ${names.join('; ')}.\n`;
}

export function renderLines(title: string, lines: readonly Line[]): string {
  const table = [
    '| | seconds | peak MiB | |',
    '|---|---|---|---|',
    ...lines.map(
      ({ what, seconds, peakMiB, note }) => `| ${what} | ${fixed(seconds)} | ${peakMiB.toFixed(0)} | ${note} |`,
    ),
  ];
  return `### ${title}\n\n${table.join('\n')}\n`;
}

function fixed(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
