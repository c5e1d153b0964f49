/**
 * The end-to-end tests, which know the program only by its command line, against what users get: the npm package as npm installs it
 * and this machine's single binary. `npm test` runs some of them against bin/run.js.
 *   npm run test:e2e                     both; a binary that is not built is built first
 *   npm run test:e2e -- package          one of them
 *   npm run test:e2e -- checkout         bin/run.js
 *   MIGBACKUP_BIN=FILE npm run test:e2e  against that program
 *   MIGBACKUP_SHARD=2/3 npm run test:e2e the second third of the files against the binary, and all against the rest
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { builtBinary } from '../test/support/binary.ts';
import { installPackage } from '../test/support/install-package.ts';
import { tempFolder } from '../test/support/temp-folder.ts';

const root = path.resolve(import.meta.dirname, '..');

function node(...args: string[]): boolean {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

/** @param program an executable; null is bin/run.js of this checkout @param shard `2/3`: the second third of the files */
function runSuite(name: string, program: string | null, shard?: string): void {
  console.log(`== end to end: ${name}`);
  if (program !== null) process.env['MIGBACKUP_BIN'] = program;
  // The other forms are tested even if this one fails, because they may still be fine.
  const some = shard === undefined ? [] : [`--shard=${shard}`];
  if (!node('node_modules/vitest/vitest.mjs', 'run', '--project', 'e2e', ...some)) process.exitCode = 1;
}

function buildBinary(): string {
  node('scripts/build-binary.ts');
  const binary = builtBinary();
  if (binary === undefined) throw new Error('the binary could not be built');
  return binary;
}

const given = process.env['MIGBACKUP_BIN'];
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['package', 'binary'];
if (given) {
  runSuite(given, path.resolve(given));
} else {
  if (wanted.some((form) => form !== 'binary') && !node('scripts/build.ts'))
    throw new Error('the bundle could not be built');
  // The checkout comes first: it is tested while MIGBACKUP_BIN is not set.
  if (wanted.includes('checkout')) runSuite('checkout', null);
  if (wanted.includes('package')) {
    using folder = tempFolder('migbackup-e2e-');
    runSuite('npm package', installPackage(folder.path).program);
  }
  if (wanted.includes('binary'))
    runSuite('single binary', builtBinary() ?? buildBinary(), process.env['MIGBACKUP_SHARD'] || undefined);
}
