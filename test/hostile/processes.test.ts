import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { CASES } from './cases/index.ts';
import { FORGED_ID, forgeBackup } from './support/forge-backup.ts';
import { RAW_CONTROL } from './support/raw-control.ts';

const LIMIT_KB = 512 << 10;
const LIMIT_MS = 10_000;
const onLinux = process.platform === 'linux' && process.env['MIGBACKUP_BIN'] === undefined;
const preload = pathToFileURL(path.join(import.meta.dirname, 'support/note-memory.ts')).href;

const all = Object.values(CASES).flat();
const heavy = all.filter((hostile) => hostile.heavy === true);
const printed = all.filter(({ name }) => ['d03', 'd05', 'd07', 'a01'].includes(name));

test.each(heavy.map((hostile) => [`${hostile.name} ${hostile.attack}`, hostile] as const))(
  '%s: refused within 10 s and 512 MB, nothing left behind',
  async (_, hostile) => {
    using temp = tempFolder();
    const root = path.join(temp.path, 'project');
    put(root, 'src/untouched.ts', 'as it was');
    await forgeBackup(path.join(root, 'backups'), hostile, temp.path);
    const before = readTree(temp.path, ['project/backups', 'project/.migbackup']);
    const memory = path.join(temp.path, 'memory');
    const env = onLinux ? { NODE_OPTIONS: `--import ${preload}`, MIGBACKUP_TEST_MEMORY: memory } : {};
    const copy = path.join(temp.path, 'copy');
    for (const [args, exits] of [
      [['verify', FORGED_ID], [4]],
      [
        ['restore', FORGED_ID, '--to', copy],
        [4, 6],
      ],
      [
        ['restore', FORGED_ID, '--yes'],
        [4, 6],
      ],
      // These read the index, not the archives: they may say what it states, never more.
      [
        ['show', FORGED_ID, '--files'],
        [0, 4],
      ],
      [
        ['diff', FORGED_ID, '--live'],
        [0, 4],
      ],
      [
        ['export', FORGED_ID, '--output', path.join(temp.path, 'project/backups/export.zip')],
        [0, 4],
      ],
    ] as const) {
      const started = performance.now();
      const { exitCode, stdout, stderr } = await runCli(args, { cwd: root, env });
      expect([args[0], exitCode, stderr]).toEqual([args[0], expect.toBeOneOf([...exits]), stderr]);
      expect(performance.now() - started).toBeLessThan(LIMIT_MS);
      expect(stdout + stderr).not.toContain('    at ');
    }
    const peaks = onLinux ? readFileSync(memory, 'utf8').trim().split('\n').map(Number) : [];
    expect(peaks.filter((peak) => !(peak < LIMIT_KB))).toEqual([]);
    if (onLinux) expect(peaks).toHaveLength(6);
    rmSync(memory, { force: true });
    expect(compareTrees(before, readTree(temp.path, ['project/backups', 'project/.migbackup']))).toEqual([]);
  },
  180_000,
);

test.each(printed.map((hostile) => [`${hostile.name} ${hostile.attack}`, hostile] as const))(
  '%s: nothing of it reaches a terminal raw',
  async (_, hostile) => {
    using temp = tempFolder();
    const root = path.join(temp.path, 'project');
    mkdirSync(root);
    await forgeBackup(path.join(root, 'backups'), hostile, temp.path);
    const commands = [['verify', FORGED_ID], ['show', FORGED_ID, '--files'], ['restore', FORGED_ID, '--yes'], ['list']];
    for (const args of commands) {
      for (const form of [[], ['--json']]) {
        const { stdout, stderr } = await runCli([...args, ...form], { cwd: root });
        expect(stdout + stderr).not.toMatch(RAW_CONTROL);
      }
    }
    expect(existsSync(path.join(temp.path, 'evil-canary.txt'))).toBe(false);
  },
  60_000,
);
