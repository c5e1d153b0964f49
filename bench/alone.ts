/** What is measured without peers: start-up beside bare node, and memory as the number of files grows. */
import fs from 'node:fs';
import path from 'node:path';
import { contenders } from './contenders.ts';
import { measure, spread, type Sample } from './measure.ts';
import { makeWorkload } from './workload.ts';

export interface Line {
  readonly what: string;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly note: string;
}

/** Seconds of the shortest commands, each as a multiple of bare node. */
export function startup(scratch: string, rounds: number): Line[] {
  const [ours] = contenders([]);
  const program = ours?.probe.replace(/ --version$/, '') ?? '';
  const commands = [
    `"${process.execPath}" -e 0`,
    ...['--version', '--help', 'list --json'].map((one) => `${program} ${one}`),
  ];
  fs.mkdirSync(scratch, { recursive: true });
  fs.writeFileSync(path.join(scratch, 'package.json'), '{"name":"bench"}');
  const samples = commands.map((): Sample[] => []);
  for (let round = 0; round <= rounds * 4; round++) {
    for (const [at, command] of commands.entries()) {
      const sample = measure(`${command} > /dev/null`, scratch, { PATH: process.env['PATH'], HOME: scratch });
      if (round > 0) samples[at]?.push(sample);
    }
  }
  const medians = samples.map((taken) => spread(taken.map(({ seconds }) => seconds)).median);
  const names = ['bare node', 'migbackup --version', 'migbackup --help', 'migbackup list --json'];
  return names.map((what, at) => ({
    what,
    seconds: medians[at] ?? Number.NaN,
    peakMiB: Math.max(...(samples[at] ?? []).map(({ peakMiB }) => peakMiB)),
    note: `${((medians[at] ?? 0) / (medians[0] ?? 1)).toFixed(1)} x bare node`,
  }));
}

/** What the same work costs with archiver and node-tar, for the record: one run each, as they are slow. */
export async function libraries(scratch: string): Promise<Line[]> {
  const lines: Line[] = [];
  for (const size of ['S', 'M'] as const) {
    const { root } = await makeWorkload(size, path.join(scratch, `${size}-libraries`));
    for (const name of ['archiver', 'node-tar']) {
      const script = path.join(import.meta.dirname, 'peers', `${name}.ts`);
      const { seconds, cpuSeconds, peakMiB } = measure(
        `"${process.execPath}" "${script}" deployments "${scratch}"`,
        root,
        process.env,
      );
      lines.push({ what: `create ${size}, ${name}`, seconds, peakMiB, note: `${cpuSeconds.toFixed(1)} CPU seconds` });
    }
    fs.rmSync(root, { recursive: true, force: true });
  }
  return lines;
}

/** One run each of what touches every entry, at rising numbers of files. */
export async function memory(scratch: string, counts: readonly number[]): Promise<Line[]> {
  const lines: Line[] = [];
  for (const files of counts) {
    const root = path.join(scratch, `${files}`);
    const out = path.join(scratch, `${files}-out`);
    await makeWorkload('XL', root, files);
    fs.mkdirSync(out);
    const [ours] = contenders(['deployments']);
    if (ours === undefined) throw new Error('migbackup is not among the contenders');
    const program = ours.probe.replace(/ --version$/, '');
    const show = `${program} show --files --limit 10 --backups "$OUT/repository" > /dev/null`;
    const diff = `${program} diff --quiet --backups "$OUT/repository"`;
    const list = `${program} list --backups "$OUT/repository" > /dev/null`;
    const tasks = {
      create: ours.create,
      verify: ours.verify ?? 'false',
      list,
      show,
      diff,
      'restore --to': ours.restore,
    };
    for (const [name, command] of Object.entries(tasks)) {
      const { seconds, peakMiB } = measure(command, root, { PATH: process.env['PATH'], HOME: out, OUT: out });
      const each = ((seconds / files) * 1e6).toFixed(0);
      lines.push({ what: `${name}, ${files.toLocaleString('en')} files`, seconds, peakMiB, note: `${each} us a file` });
    }
    for (const folder of [root, out]) fs.rmSync(folder, { recursive: true, force: true });
  }
  return lines;
}
