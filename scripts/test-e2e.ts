/**
 * The end-to-end tests, which know the program only by its command line, against what users get: the npm package as npm installs it
 * and this machine's single binary. `npm test` runs the same tests against bin/run.js.
 *   npm run test:e2e                     both; a binary that is not built is built first
 *   npm run test:e2e -- package          one of them
 *   MIGBACKUP_BIN=FILE npm run test:e2e  against that program
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { builtBinary } from '../test/support/binary.ts';
import { installPackage } from '../test/support/install-package.ts';
import { tempFolder } from '../test/support/temp-folder.ts';

const SUITE = [
  'test/e2e',
  'test/contract/help.test.ts',
  'test/contract/errors.test.ts',
  'test/contract/documents.test.ts',
];
const root = path.resolve(import.meta.dirname, '..');

function node(...args: string[]): boolean {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function runSuite(name: string, program: string): void {
  console.log(`== end to end: ${name}`);
  process.env['MIGBACKUP_BIN'] = program;
  // The others run all the same: that one way in fails says nothing of the next.
  if (!node('node_modules/vitest/vitest.mjs', 'run', '--project', 'quick', ...SUITE)) process.exitCode = 1;
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
  if (wanted.includes('package')) {
    if (!node('scripts/build.ts')) throw new Error('the bundle could not be built');
    using folder = tempFolder('migbackup-e2e-');
    runSuite('npm package', installPackage(folder.path).program);
  }
  if (wanted.includes('binary')) runSuite('single binary', builtBinary() ?? buildBinary());
}
