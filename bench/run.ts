/**
 * `npm run bench -- [--only create|verify|restore|in-place|startup|libraries|memory] [--size S|M|L|XL] [--rounds 5] [--json FILE]`: the same work by migbackup
 * and by every peer that is installed (Debian: tar, zstd, restic, borgbackup, and `time` to measure with), in one run, in turn. Prints
 * Markdown tables; the JSON holds every figure. Works in the folder for temporary files (TMPDIR), which needs 10 GB for size L and 25 GB for M.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { libraries, memory, startup, type Line } from './alone.ts';
import { inPlace } from './in-place.ts';
import { runCell, type Cell } from './cell.ts';
import type { Task } from './contenders.ts';
import { renderCell, renderLines } from './table.ts';
import { makeWorkload, type Size } from './workload.ts';

const TASKS: readonly Task[] = ['create', 'verify', 'restore'];
const SIZES: readonly Size[] = ['S', 'M', 'L'];
const PARTS: readonly string[] = [...TASKS, 'in-place', 'startup', 'libraries', 'memory'];
const ALL_SIZES: readonly string[] = [...SIZES, 'XL'];
const COUNTS = [10_000, 100_000, 1_000_000];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    size: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
});
/** A run that measures nothing must not look like one that went well. */
const unknown = [
  ...(values.only === undefined || PARTS.includes(values.only) ? [] : [`--only is one of ${PARTS.join(', ')}`]),
  ...(values.size === undefined || ALL_SIZES.includes(values.size) ? [] : [`--size is one of ${ALL_SIZES.join(', ')}`]),
  ...(/^[1-9]\d*$/.test(values.rounds) ? [] : ['--rounds is a number, from 1 on']),
];
if (unknown.length > 0) {
  process.stderr.write(`${unknown.join('\n')}\n`);
  process.exit(1);
}
const rounds = Number(values.rounds);
const wants = (name: string): boolean => values.only === undefined || values.only === name;
const sizes = SIZES.filter((size) => values.size === undefined || values.size === size);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-bench-'));
const cells: Cell[] = [];
const alone: Record<string, Line[]> = {};
const machine = `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, ${os.type()} ${os.release()}, Node ${process.versions.node}`;
process.stdout.write(`Machine: ${machine}\n\n`);

function keep(title: string, lines: Line[]): void {
  alone[title] = lines;
  process.stdout.write(`${renderLines(title, lines)}\n`);
}

try {
  const tasks = TASKS.filter(wants);
  for (const size of tasks.length === 0 ? [] : sizes) {
    const workload = await makeWorkload(size, path.join(work, size));
    for (const task of tasks) {
      const cell = runCell(task, size, workload, path.join(work, `${size}-${task}`), rounds);
      cells.push(cell);
      process.stdout.write(`${renderCell(cell)}\n`);
    }
    for (const name of fs.readdirSync(work)) fs.rmSync(path.join(work, name), { recursive: true, force: true });
  }
  if (wants('in-place') && values.size === undefined) keep('In place', await inPlace(work, rounds));
  if (wants('startup') && values.size === undefined) keep('Start-up', startup(path.join(work, 'startup'), rounds));
  if (wants('libraries') && values.size === undefined) keep('Libraries, for the record', await libraries(work));
  if (values.size === 'XL' || (wants('memory') && values.size === undefined))
    keep('Memory', await memory(work, COUNTS));
  if (values.json !== undefined)
    fs.writeFileSync(
      values.json,
      `${JSON.stringify({ machine, date: new Date().toISOString(), cells, alone }, null, 2)}\n`,
    );
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
