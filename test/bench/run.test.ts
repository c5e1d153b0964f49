import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkoutBin } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const RUN = path.join(import.meta.dirname, '../../bench/run.ts');

function bench(words: readonly string[], settings: Record<string, string> = {}) {
  using temp = tempFolder();
  const env = { ...process.env, ...settings, TMPDIR: temp.path };
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, ...words], { env, encoding: 'utf8' });
  return { status, stdout, stderr, left: readdirSync(temp.path) };
}

test.each([
  [['--only', 'crate'], '--only'],
  [['--size', 'X'], '--size'],
  [['--rounds', 'x'], '--rounds'],
  [['--rounds', '0'], '--rounds'],
])('%j measures nothing and says so', (words, flag) => {
  const { status, stdout, stderr, left } = bench(words);
  expect({ status, stdout, left }).toEqual({ status: 1, stdout: '', left: [] });
  expect(stderr).toContain(flag);
});

test('without migbackup there is no table: its ratios would be to somebody else', () => {
  const ran = bench(['--only', 'verify', '--size', 'S', '--rounds', '1'], { MIGBACKUP_BIN: '/nowhere/migbackup' });
  expect(ran).toMatchObject({ status: 1, left: [] });
  expect(ran.stdout).not.toContain('|');
  expect(ran.stderr).toContain('migbackup does not run here');
});

/** What the bench itself runs; without the peers it is done in two seconds. */
const TOOLS = 'cat diff find head mkdir rm sed sh sync tail time tr xargs'.split(' ');
const canMeasure = spawnSync('time', ['--version']).status === 0;

/** Runs the bench with migbackup alone, in the place of which stands a script; `real` in it is migbackup. */
function benchLiar(words: readonly string[], script: string) {
  using temp = tempFolder();
  const liar = path.join(temp.path, 'liar');
  const real = `real() { "${process.execPath}" "${checkoutBin}" "$@"; }`;
  writeFileSync(liar, `#!/bin/sh\n${real}\n${script}\n`, { mode: 0o755 });
  const bin = path.join(temp.path, 'bin');
  mkdirSync(bin);
  for (const tool of TOOLS)
    symlinkSync(execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), path.join(bin, tool));
  return bench([...words, '--size', 'S'], { MIGBACKUP_BIN: liar, PATH: bin });
}

/** The first two calls of a command; the bench makes three of them, with `--rounds 2`. */
const EARLY = '{ mkdir "$OUT/first" || mkdir "$OUT/second"; } 2> /dev/null';
const RECORD = '"$OUT/restored/deployments/net-7/7.json"';

test.skipIf(!canMeasure).for([
  {
    lie: 'other bytes come back',
    task: 'create',
    script: `real "$@" && case "$1" in restore) echo >> ${RECORD};; esac`,
    error: 'migbackup did not restore deployments as it was',
  },
  {
    lie: 'only the last create does anything',
    task: 'create',
    script: `if [ "$1" = create ] && ${EARLY}; then exit 0; fi; real "$@"`,
    error: 'migbackup holds 0 files of ',
  },
  {
    lie: 'only the last restore does anything',
    task: 'restore',
    script: `if [ "$1" = restore ] && ${EARLY}; then mkdir "$OUT/restored"; else real "$@"; fi`,
    error: 'migbackup restored 0 files of 0 bytes, not ',
  },
  {
    lie: 'only the last restore brings back all bytes',
    task: 'restore',
    script: `real "$@" && if [ "$1" = restore ] && ${EARLY}; then echo >> ${RECORD}; fi`,
    error: 'migbackup restored ',
  },
  {
    lie: 'verify does nothing',
    task: 'verify',
    script: 'if [ "$1" = verify ]; then exit 0; fi; real "$@"',
    error: 'migbackup verifies a damaged backup without an error',
  },
])('$task: $lie, so there is no table (with GNU time)', { timeout: 60_000 }, ({ task, script, error }) => {
  const ran = benchLiar(['--only', task, '--rounds', '2'], script);
  expect(ran).toMatchObject({ status: 1, left: [] });
  expect(ran.stdout).not.toContain('|');
  expect(ran.stderr).toContain(error);
});

test.skipIf(!canMeasure).for(['create', 'verify', 'restore'])(
  '%s: migbackup itself gets its table (with GNU time)',
  { timeout: 60_000 },
  (task) => {
    const ran = benchLiar(['--only', task, '--rounds', '1'], 'real "$@"');
    expect(ran).toMatchObject({ status: 0, stderr: '', left: [] });
    expect(ran.stdout).toContain('| migbackup |');
  },
);
