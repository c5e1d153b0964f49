/** One cell of the table: one task on one workload, everybody in turn. */
import fs from 'node:fs';
import path from 'node:path';
import { contenders, environment, type Contender, type Task } from './contenders.ts';
import { ask, measure, spread, type Sample, type Spread } from './measure.ts';
import { checkCall, checkOutcome, checkVerify } from './outcome.ts';
import type { Size, Workload } from './workload.ts';

export interface Row {
  readonly name: string;
  readonly seconds: Spread;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  /** Seconds of migbackup over this one's. */
  readonly ratio: number;
}

export interface Cell {
  readonly task: Task;
  readonly size: Size;
  readonly about: string;
  readonly rounds: number;
  readonly rows: Row[];
  /** Tools that are not installed. */
  readonly absent: string[];
  /** Tools that have no such task. */
  readonly without: string[];
}

/**
 * What was restored before goes only when all cells of a size are done: ext4 without a journal passes over inodes for minutes after they were freed,
 * so removing a hundred thousand files makes the next ones that anybody writes cost several times as much. Few big files go at once.
 */
const MOVE_AWAY =
  'if [ -e "$OUT/restored" ]; then mkdir -p "$OUT/done" && mv "$OUT/restored" "$OUT/done/$(date +%s%N)"; fi';
const FEW_FILES = 1000;

/**
 * Everybody finds the project and its own repository in memory. borg tells the system to forget what it has read (POSIX_FADV_DONTNEED), so whoever
 * came after it had to read the disk: that made the first in turn three times as slow.
 */
const WARM = 'find . "$OUT" -path "*/done" -prune -o -type f -print0 | xargs -0 cat > /dev/null';

/** Runs `rounds` rounds in `scratch` after a warm-up, each with a look at whether the work was done, then checks that the outcomes are equal. */
export function runCell(task: Task, size: Size, workload: Workload, scratch: string, rounds: number): Cell {
  const all = contenders(workload.folders);
  const installed = all.filter((one) => ask(one.probe, workload.root, process.env) !== null);
  const here = installed.filter((one) => one[task] !== null);
  // The ratios are to the first row: without migbackup they would be somebody else's.
  const [ours] = all;
  if (ours === undefined || here[0] !== ours) throw new Error('migbackup does not run here: npm run build');
  const samples = new Map<Contender, Sample[]>(here.map((one) => [one, []]));
  const outs = new Map(here.map((one, at) => [one, path.join(scratch, `${at}`)]));
  for (const one of here) {
    const out = outs.get(one) ?? scratch;
    fs.mkdirSync(out, { recursive: true });
    if (task !== 'create') shell(one.prepare, one.create, workload, out);
    if (task === 'verify') checkVerify(one, workload, out);
  }
  const clear = workload.files > FEW_FILES ? MOVE_AWAY : 'rm -rf "$OUT/restored"';
  for (let round = 0; round <= rounds; round++) {
    // Nobody always comes after the same one.
    for (const one of [...here.slice(round % here.length), ...here.slice(0, round % here.length)]) {
      const out = outs.get(one) ?? scratch;
      shell(task === 'create' ? one.prepare : clear, `sync -f "$OUT" && ${WARM}`, workload, out);
      const sample = measure(one[task] ?? 'false', workload.root, environment(out));
      checkCall(task, one, workload, out);
      if (round > 0) samples.get(one)?.push(sample);
    }
  }
  for (const one of here) {
    const out = outs.get(one) ?? scratch;
    if (task !== 'restore') shell(clear, one.restore, workload, out);
    checkOutcome(one, workload, out);
  }
  if (workload.files <= FEW_FILES) fs.rmSync(scratch, { recursive: true, force: true });
  const names = (of: readonly Contender[]): string[] => of.map(({ name }) => name);
  const absent = names(all.filter((one) => !installed.includes(one)));
  const without = names(installed.filter((one) => !here.includes(one)));
  return { task, size, about: workload.about, rounds, rows: rowsOf(samples), absent, without };
}

function rowsOf(samples: ReadonlyMap<Contender, readonly Sample[]>): Row[] {
  const rows: Row[] = [];
  for (const [{ name }, taken] of samples) {
    const seconds = spread(taken.map((sample) => sample.seconds));
    const cpuSeconds = spread(taken.map((sample) => sample.cpuSeconds)).median;
    const peakMiB = Math.max(...taken.map((sample) => sample.peakMiB));
    const ratio = (rows[0]?.seconds.median ?? seconds.median) / seconds.median;
    rows.push({ name, seconds, cpuSeconds, peakMiB, ratio });
  }
  return rows;
}

function shell(first: string, second: string, workload: Workload, out: string): void {
  if (ask(`${first} && ${second}`, workload.root, environment(out)) === null)
    throw new Error(`failed: ${first} && ${second}`);
}
