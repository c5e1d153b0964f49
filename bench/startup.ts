/**
 * `npm run bench:startup [-- ROUNDS]`: how long checkout, npm package and single binary take to start, next to a Node that runs an empty
 * file. The candidates take turns, so a busy machine is busy for all; the fastest run of each is the one that was disturbed least.
 */
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { builtBinary } from '../test/support/binary.ts';
import { installPackage } from '../test/support/install-package.ts';
import { tempFolder } from '../test/support/temp-folder.ts';

interface Candidate {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Highest wanted time, in times of bare Node's. */
  readonly atMost?: number;
  readonly times: number[];
}

const rounds = Number(process.argv[2] ?? 30);
/** Not counted: the first runs fill the caches. */
const WARM_UP = 3;

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function timeOne([program, ...args]: Candidate['command'], env: NodeJS.ProcessEnv): number {
  const began = performance.now();
  const { status, stderr, error } = spawnSync(program, args, { env, encoding: 'utf8' });
  const took = performance.now() - began;
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')}: ${status} ${stderr}`, { cause: error });
  return took;
}

using folder = tempFolder('migbackup-bench-');
const empty = path.join(folder.path, 'empty.cjs');
writeFileSync(empty, '');
const checkout = path.join(import.meta.dirname, '../bin/run.js');
const installed = installPackage(folder.path);
const binary = builtBinary();
// By its bin/run.js: `#!/usr/bin/env node` would time another Node.
const packaged = path.join(installed.package, 'bin/run.js');

const candidates: Candidate[] = [
  { name: 'bare node', command: [process.execPath, empty], times: [] },
  { name: 'checkout --version', command: [process.execPath, checkout, '--version'], atMost: 2.5, times: [] },
  { name: 'checkout --help', command: [process.execPath, checkout, '--help'], atMost: 4, times: [] },
  { name: 'package --version', command: [process.execPath, packaged, '--version'], times: [] },
  { name: 'package --help', command: [process.execPath, packaged, '--help'], times: [] },
];
if (binary !== undefined) {
  candidates.push(
    { name: 'binary --version', command: [binary, '--version'], atMost: 1.7, times: [] },
    { name: 'binary --help', command: [binary, '--help'], atMost: 3, times: [] },
  );
}

// A home of its own: what is cached in it is cached by these very programs.
const env = { ...process.env, HOME: folder.path, XDG_CACHE_HOME: path.join(folder.path, 'cache') };
for (let round = 0; round < rounds + WARM_UP; round++) {
  for (const { command, times } of candidates) {
    const took = timeOne(command, env);
    if (round >= WARM_UP) times.push(took);
  }
}

let bare = Number.NaN;
console.log('                      fastest    median   of bare node');
for (const { name, times, atMost } of candidates) {
  const sorted = times.toSorted((a, b) => a - b);
  const fastest = sorted[0] ?? Number.NaN;
  if (Number.isNaN(bare)) bare = fastest;
  const ratio = fastest / bare;
  const wanted = atMost === undefined ? '' : `  (at most ${atMost}: ${ratio <= atMost ? 'yes' : 'NO'})`;
  const figures = [fastest, median(sorted)].map((time) => `${time.toFixed(1)} ms`.padStart(9)).join(' ');
  console.log(`${name.padEnd(20)} ${figures}   ${ratio.toFixed(2)}${wanted}`);
}
if (binary !== undefined) console.log(`binary               ${statSync(binary).size} bytes (at most 125000000)`);
