import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { shellLine } from '../../src/core/model/shell-quote.ts';
import { cleanEnvironment } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { hasTerminal } from '../support/terminal.ts';

const DEMO = shellLine([process.execPath, fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url))]);

/** What the demo shows as typed, and where its project is: in `place`, which the test removes whatever the demo does. */
function runDemo([program, ...args]: readonly [string, ...string[]], place: string): { lines: string[]; root: string } {
  const env = { ...cleanEnvironment(), TMPDIR: place };
  const { status, stdout } = spawnSync(program, args, { env, encoding: 'utf8' });
  const text = stripVTControlCharacters(stdout).replaceAll('\r', '');
  expect(status, text).toBe(0);
  const lines = [...text.matchAll(/^\$ (.*)$/gm)].map(([, line = '']) => line);
  expect(lines[0]).toMatch(/^cd \/.*migbackup-demo-.*\/contracts$/);
  return { lines, root: (lines[0] ?? '').slice('cd '.length) };
}

test.runIf(hasTerminal)('what the demo shows as typed can be pasted when it has ended', () => {
  using temp = tempFolder();
  const { lines, root } = runDemo(['script', '-qefc', DEMO, '/dev/null'], temp.path);
  expect(path.dirname(path.dirname(root))).toBe(temp.path);
  expect(lines.filter((line) => line.startsWith('migbackup ')).length).toBeGreaterThan(5);
  const pasted = spawnSync('sh', ['-ec', lines.join('\n')], { env: cleanEnvironment(), encoding: 'utf8' });
  expect(pasted.status, pasted.stderr).toBe(0);
});

test('where nobody watches, the demo leaves nothing behind', () => {
  using temp = tempFolder();
  const { root } = runDemo(['sh', '-c', DEMO], temp.path);
  expect(existsSync(path.dirname(root))).toBe(false);
});
