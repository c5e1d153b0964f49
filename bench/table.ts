/** The results as Markdown, for docs/performance.md. */
import type { Line } from './alone.ts';
import type { Cell } from './cell.ts';
import type { Task } from './contenders.ts';

/** What runCell has seen to, or there would be no table. */
const CHECKED: Readonly<Record<Task, string>> = {
  create: 'files counted after every round, the last backup restored and compared byte by byte',
  verify: 'each verify first failed on its damaged backup; the backup restored and compared byte by byte',
  restore: 'files and bytes counted after every round, the last compared byte by byte',
};

export function renderCell({ task, size, about, rounds, rows, absent, without }: Cell): string {
  const head = `### ${task} ${size} (${about})\n\nMedian of ${rounds} ${rounds === 1 ? 'round' : 'rounds'} in turn; ${CHECKED[task]}.\n\n`;
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
