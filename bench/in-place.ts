/** A restore in place as it ships: how long it takes, and for how long a folder that is swapped as one is away. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { compileShim, readCalls, shimEnvironment } from '../test/faults/support/shim.ts';
import type { Line } from './alone.ts';
import { contenders } from './contenders.ts';
import { measure, spread, type Sample } from './measure.ts';

const FILES = 2000;
const BYTES = 8192;
const RESTORE = 'restore --latest --yes';

interface Shape {
  readonly what: string;
  /** The folder that is swapped as one. */
  readonly folder: string;
  readonly make: (root: string, version: number) => Promise<void>;
}

const SHAPES: readonly Shape[] = [
  {
    what: `${FILES} files of ${BYTES / 1024} KiB and a LevelDB`,
    folder: 'leveldb',
    async make(root, version) {
      putFiles(path.join(root, 'deployments'), version);
      await putDatabase(path.join(root, 'leveldb'), version);
    },
  },
  {
    what: `an exclusive folder of ${FILES} files of ${BYTES / 1024} KiB`,
    folder: 'deployments',
    async make(root, version) {
      const sources = { main: { path: 'deployments', exclusive: true } };
      fs.writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify({ categories: { all: { sources } } }));
      putFiles(path.join(root, 'deployments'), version);
    },
  },
];

function putFiles(folder: string, version: number): void {
  fs.mkdirSync(folder, { recursive: true });
  for (let file = 0; file < FILES; file++) {
    const content = Buffer.alloc(BYTES, `${version}/${file} `);
    fs.writeFileSync(path.join(folder, `${file}.json`), content);
  }
}

async function putDatabase(folder: string, version: number): Promise<void> {
  const database = new ClassicLevel(folder);
  await database.open();
  for (let at = 0; at < 2000; at++) await database.put(`deployment:${at}`, `version ${version}`);
  await database.close();
}

/** Every round restores all files, each of which differs; then it is done again with every call recorded. */
export async function inPlace(scratch: string, rounds: number): Promise<Line[]> {
  const lines: Line[] = [];
  const library = compileShim(scratch);
  for (const shape of SHAPES) {
    const root = path.join(scratch, shape.folder);
    fs.mkdirSync(root, { recursive: true });
    fs.writeFileSync(path.join(root, 'package.json'), '{"name":"bench"}');
    await shape.make(root, 1);
    shell('create', root);
    lines.push(await duration(shape, root, rounds));
    if (library !== null) lines.push(await away(shape, root, rounds, library));
    fs.rmSync(root, { recursive: true, force: true });
  }
  return lines;
}

/** migbackup in `root`; `assignments` come before the program's name, so that they hold for it alone. */
function shell(words: string, root: string, assignments: Readonly<Record<string, string>> = {}): Sample {
  const program = contenders([])[0]?.probe.replace(/ --version$/, '') ?? '';
  const before = Object.entries(assignments).map(([name, value]) => `${name}="${value}" `);
  const env = { PATH: process.env['PATH'], HOME: path.dirname(root) };
  return measure(`${before.join('')}${program} ${words} --quiet`, root, env);
}

/** All files differ, and the disk has nothing else left to do. */
async function spoil({ make }: Shape, root: string): Promise<void> {
  await make(root, 2);
  execFileSync('sync');
}

async function duration(shape: Shape, root: string, rounds: number): Promise<Line> {
  const samples: Sample[] = [];
  for (let round = 0; round <= rounds; round++) {
    await spoil(shape, root);
    const sample = shell(RESTORE, root);
    if (round > 0) samples.push(sample);
  }
  const { median, min, max } = spread(samples.map(({ seconds }) => seconds));
  const cpu = spread(samples.map(({ cpuSeconds }) => cpuSeconds)).median;
  return {
    what: `restore in place: ${shape.what}`,
    seconds: median,
    peakMiB: Math.max(...samples.map(({ peakMiB }) => peakMiB)),
    note: `${min.toFixed(2)}-${max.toFixed(2)} s, ${cpu.toFixed(2)} CPU seconds`,
  };
}

async function away(shape: Shape, root: string, rounds: number, library: string): Promise<Line> {
  const times: number[] = [];
  let peakMiB = 0;
  for (let round = 0; round < rounds; round++) {
    await spoil(shape, root);
    const log = `${root}.calls`;
    fs.rmSync(log, { force: true });
    ({ peakMiB } = shell(RESTORE, root, shimEnvironment(library, { root, log })));
    times.push(absence(log, path.join(root, shape.folder)));
  }
  const { median, min, max } = spread(times);
  return {
    what: `and for so long ${shape.folder}/ is away`,
    seconds: median / 1000,
    peakMiB,
    note: `${median.toFixed(2)} ms (${min.toFixed(2)}-${max.toFixed(2)})`,
  };
}

/** Milliseconds from the call that moves a folder aside to the end of the one that moves the new one in. */
function absence(log: string, folder: string): number {
  const renames = readCalls(log).filter(({ name }) => name === 'rename');
  const out = renames.find(({ path: from }) => from === folder);
  const back = renames.find(({ to }) => to === folder);
  if (out === undefined || back === undefined) throw new Error(`${folder} was not swapped as one`);
  return (back.end - out.begin) / 1e6;
}
