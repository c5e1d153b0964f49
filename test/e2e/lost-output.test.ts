import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { shellLine } from '../../src/core/model/shell-quote.ts';
import { mountTmpfs, whyNoTmpfs } from '../faults/support/mounts.ts';
import { compareTrees } from '../support/compare-trees.ts';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { cleanEnvironment, cliCommand } from '../support/run-cli.ts';
import { withReason } from '../support/skipped.ts';

/*
 * Output that cannot be written, because its disk is full or its reader has gone, changes neither what is done nor the exit code. /dev/full
 * refuses every byte, as a full disk does.
 */

const project = eachSampleProject();
const FULL = '/dev/full';
const reason = existsSync(FULL) ? null : 'this machine has no /dev/full';
const backups = (): string[] =>
  readdirSync(path.join(project.root, 'backups')).filter((name) => /^(migration|safety)-/.test(name));
const ruin = (): void => appendFileSync(path.join(project.root, 'README.md'), 'ruined');
const RUIN = 'echo ruined >> README.md';

function inShell(line: string): { exitCode: number | null; stdout: string; stderr: string } {
  const ran = spawnSync('sh', ['-c', line], { cwd: project.root, env: cleanEnvironment(), encoding: 'utf8' });
  return { exitCode: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

const us = (...args: string[]): string => shellLine([...cliCommand(), ...args]);

interface Way {
  readonly flags: readonly string[];
  readonly redirect: string;
}
/** Every stream of ours has something to write, and where it goes is full. */
const WAYS: Readonly<Record<string, Way>> = {
  stdout: { flags: [], redirect: `>${FULL}` },
  'stdout, with a document': { flags: ['--json'], redirect: `>${FULL}` },
  'stderr, with a log': { flags: ['--log-level', 'trace'], redirect: `2>${FULL}` },
  'the log file': { flags: ['--log-file', FULL, '--log-level', 'trace'], redirect: '' },
  'all three': { flags: ['--log-file', FULL], redirect: `>${FULL} 2>&1` },
  'a stderr that nobody reads': { flags: ['--log-level', 'trace'], redirect: '2>&1 >/dev/null | true' },
};

describe.skipIf(reason !== null).each(Object.entries(WAYS))(
  withReason('%s cannot be written', reason),
  (_what, way) => {
    /** The exit code of the command line, not of whatever its output goes to. */
    function exitOf(args: readonly string[], behind: readonly string[] = []): number {
      const code = path.join(project.outside, 'code');
      inShell(`{ ${us(...args, ...way.flags, ...behind)}; echo $? >'${code}'; } ${way.redirect}`);
      return Number(readFileSync(code, 'utf8'));
    }

    test('create, restore, undo and prune do what they do, and say how it ended', () => {
      expect(exitOf(['create'])).toBe(0);
      expect(backups()).toHaveLength(1);
      ruin();
      expect(exitOf(['restore', '--yes'])).toBe(0);
      expect(readFileSync(path.join(project.root, 'README.md'), 'utf8')).not.toContain('ruined');
      expect(exitOf(['undo', '--yes'])).toBe(0);
      expect(readFileSync(path.join(project.root, 'README.md'), 'utf8')).toContain('ruined');
      expect(exitOf(['restore'])).toBe(6);
      expect(exitOf(['verify', 'nosuch'])).toBe(10);
      expect(exitOf(['create'])).toBe(0);
      expect(backups()).toHaveLength(4);
      expect(exitOf(['prune', '--keep-last', '1', '--keep-safety', '0', '--yes'])).toBe(0);
      expect(backups().length).toBeLessThan(4);
    });

    test('guard waits for its command, and goes back where that fails', () => {
      expect(exitOf(['guard'], ['--', 'sh', '-c', `sleep 0.2; ${RUIN}; exit 1`])).toBe(20);
      expect(compareTrees(project.before, project.tree())).toEqual([]);
      expect(exitOf(['guard'], ['--', 'sh', '-c', RUIN])).toBe(0);
      expect(readFileSync(path.join(project.root, 'README.md'), 'utf8')).toContain('ruined');
    });
  },
);

describe.skipIf(reason !== null)(withReason('what is said of it', reason), () => {
  test('stderr hears once that stdout is full', () => {
    const { exitCode, stderr } = inShell(`${us('list')} >${FULL}`);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^stdout could not be written in full: .*ENOSPC.*\n$/);
    expect(inShell(`${us('--version')} >${FULL}`)).toMatchObject({ exitCode: 0, stderr });
  });

  test('and that the log is', () => {
    const { exitCode, stdout, stderr } = inShell(us('list', '--log-file', FULL, '--log-level', 'trace'));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/the backups folder .* does not exist/);
    expect(stderr).toMatch(/^the log could not be written in full: .*ENOSPC.*\n$/);
  });

  test('a log that cannot be opened ends the command before it does anything', () => {
    const { exitCode, stderr } = inShell(us('create', '--log-file', 'nosuch/folder/log'));
    expect(exitCode).toBe(5);
    expect(stderr).toContain('nosuch/folder for the log');
    expect(existsSync(path.join(project.root, 'backups'))).toBe(false);
  });

  test('an export to stdout is what was asked for: without it the command has failed', () => {
    expect(inShell(us('create')).exitCode).toBe(0);
    const { exitCode, stderr } = inShell(`${us('export', '--output', '-')} >${FULL}`);
    expect(exitCode).toBe(5);
    expect(stderr).toContain('(NO_SPACE)');
  });

  test('so is a predicate', () => {
    expect(inShell(us('create')).exitCode).toBe(0);
    const got = inShell(`${us('report', '--in-toto', '-')} >${FULL}`);
    expect(got).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(/predicate could not be.*\(NO_SPACE\)/) });
  });

  test('so is a value of a database; a list of its keys is text', () => {
    const got = inShell(`${us('db', 'get', 'leveldb', 'deployment:000001')} >${FULL}`);
    expect(got).toMatchObject({
      exitCode: 5,
      stderr: expect.stringMatching(/^error .*ENOSPC.*\(NO_SPACE\)\nhint .*\n$/),
    });
    const listed = inShell(`${us('db', 'ls', 'leveldb')} >${FULL}`);
    expect(listed.exitCode).toBe(0);
    expect(listed.stderr).toMatch(/^stdout could not be written in full: .*ENOSPC.*\n$/);
  });

  test.each([['get', 'deployment:000001'], ['ls']])(
    'a reader of db %s that goes ends it without a word',
    (...words) => {
      const [command = '', ...rest] = words;
      const code = path.join(project.outside, 'code');
      const ran = inShell(`{ ${us('db', command, 'leveldb', ...rest)}; echo $? >'${code}'; } | true`);
      expect(ran.stderr).toBe('');
      expect(readFileSync(code, 'utf8')).toBe('0\n');
    },
  );
});

const mountPoint = path.join(tmpdir(), `migbackup-small-disk-${process.pid}`);
const noDisk = whyNoTmpfs(mountPoint);
afterAll(() => rmSync(mountPoint, { recursive: true, force: true }));

describe.skipIf(noDisk !== null)(withReason('a disk that fills up in the middle', noDisk), () => {
  // A file takes what there is room for, and only the next write is refused.
  test('is told from one that has taken all', () => {
    expect(inShell(us('create')).exitCode).toBe(0);
    using disk = mountTmpfs(mountPoint, 'size=8k');
    const whole = inShell(us('show', '--files', '--json'));
    const cut = inShell(`${us('show', '--files', '--json')} >${disk.at}/document`);
    const document = readFileSync(path.join(disk.at, 'document'));
    expect(document).toHaveLength(8192);
    expect(whole.stdout.length).toBeGreaterThan(8192);
    expect(cut).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('stdout could not be written') });
    rmSync(path.join(disk.at, 'document'));
    const exported = inShell(`${us('export', '--output', '-')} >${disk.at}/backup.zip`);
    expect(readFileSync(path.join(disk.at, 'backup.zip'))).toHaveLength(8192);
    expect(exported).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('(NO_SPACE)') });
  });
});
