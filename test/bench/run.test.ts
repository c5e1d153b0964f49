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

test.skipIf(!canMeasure)('what comes back with other bytes is no outcome', { timeout: 60_000 }, () => {
  using temp = tempFolder();
  const liar = path.join(temp.path, 'liar');
  const spoil = 'case "$1" in restore) echo >> "$OUT/restored/deployments/net-7/7.json";; esac';
  writeFileSync(liar, `#!/bin/sh\n"${process.execPath}" "${checkoutBin}" "$@" && ${spoil}\n`, { mode: 0o755 });
  const bin = path.join(temp.path, 'bin');
  mkdirSync(bin);
  for (const tool of TOOLS)
    symlinkSync(execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), path.join(bin, tool));
  const ran = bench(['--only', 'create', '--size', 'S', '--rounds', '1'], { MIGBACKUP_BIN: liar, PATH: bin });
  expect(ran).toMatchObject({ status: 1, left: [] });
  expect(ran.stdout).not.toContain('|');
  expect(ran.stderr).toContain('migbackup did not restore deployments as it was');
});
