import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { eachSampleProject } from '../support/each-sample-project.ts';
import { runCli } from '../support/run-cli.ts';
import { hasTerminal, runOnTerminal } from '../support/terminal.ts';

const project = eachSampleProject();
const at = (relative: string): string => path.join(project.root, relative);
const run = (...args: string[]) => runCli(args, { cwd: project.root });
const backup = (kind: string): string =>
  readdirSync(at('backups')).find((name) => name.startsWith(`${kind}-`)) ?? 'none';

beforeEach(async () => {
  expect((await run('create')).exitCode).toBe(0);
});

describe('a plan', () => {
  test('with nothing to do ends with that', async () => {
    const restore = await run('restore', '--dry-run');
    expect(restore.exitCode).toBe(0);
    expect(restore.stdout).toMatch(
      /unchanged [^]* already has what\s+migration-\S+\s+holds\n {2}Nothing to restore\.\n$/,
    );
    appendFileSync(at('README.md'), 'ruined');
    cpSync(at('README.md'), at('../ruined'), { preserveTimestamps: true });
    expect((await run('restore', '--yes')).exitCode).toBe(0);
    rmSync(at('README.md'));
    renameSync(at('../ruined'), at('README.md'));
    const undo = await run('undo', '--dry-run');
    expect(undo.stdout).toMatch(/unchanged {2}the project already is [^]*\n {2}Nothing to take back\.\n$/);
  });

  test('names the files where there are ten or fewer, and counts more', async () => {
    appendFileSync(at('README.md'), 'ruined');
    rmSync(at('scripts'), { recursive: true });
    writeFileSync(at('docs/new.md'), 'new');
    const few = await run('restore', '--dry-run', '--exact');
    expect(few.stdout).toContain(
      [
        '  replace  README.md',
        '  remove   docs/new.md',
        '  add      scripts/',
        '  add      scripts/deploy.ts',
        '  add      scripts/migration/',
        '  add      scripts/migration/run.sh',
        '  add      scripts/utils/',
        '  add      scripts/utils/constants.ts',
        '  8 paths would change, 3 folders among them',
      ].join('\n'),
    );
    // With more folders the files alone are named.
    for (let n = 0; n < 8; n++) mkdirSync(at(`docs/empty-${n}`));
    const folders = await run('restore', '--dry-run', '--exact');
    expect(folders.stdout).toContain('  remove   docs/new.md\n');
    expect(folders.stdout).not.toContain('docs/empty-0');
    for (let n = 0; n < 8; n++) writeFileSync(at(`docs/empty-${n}/file`), '');
    expect((await run('restore', '--dry-run', '--exact')).stdout).not.toContain('docs/new.md');
  });

  test.runIf(hasTerminal)('has its hash with --dry-run and in JSON, not before the question', async () => {
    appendFileSync(at('README.md'), 'ruined');
    const hash = /\b[0-9a-f]{64}\b/;
    expect((await run('restore', '--dry-run')).stdout).toMatch(hash);
    expect(JSON.parse((await run('restore', '--dry-run', '--json')).stdout).plan.hash).toMatch(hash);
    const asked = await runOnTerminal(['restore'], [{ after: '(y/N) ', type: 'n\n' }], { cwd: project.root });
    expect(asked.screen).toContain('  replace  README.md\n');
    expect(asked.screen).not.toMatch(hash);
  });
});

test('verify of a safety backup points to that backup', async () => {
  appendFileSync(at('README.md'), 'ruined');
  expect((await run('restore', '--yes')).exitCode).toBe(0);
  const verified = await run('verify', 'safety');
  expect(verified.stdout).toContain(`Next: migbackup restore ${backup('safety')} --dry-run`);
});

test.runIf(hasTerminal)('a no is not red and is no error', async () => {
  appendFileSync(at('README.md'), 'ruined');
  const asked = await runOnTerminal(['restore'], [{ after: '(y/N) ', type: 'n\n' }], { cwd: project.root });
  expect(asked.exitCode).toBe(6);
  expect(asked.screen).toContain('\nstopped  the answer was no; nothing was changed\n');
  // The terminal has colours, and red is none of them.
  expect(asked.raw).toContain('\u001b[');
  expect(asked.raw).not.toContain('\u001b[31m');
});

test.runIf(hasTerminal)('the time that a question waited does not count', async () => {
  appendFileSync(at('README.md'), 'ruined');
  const waitMs = 2000;
  const began = performance.now();
  const done = await runOnTerminal(['restore'], [{ after: '(y/N) ', waitMs, type: 'y\n' }], { cwd: project.root });
  const tookMs = performance.now() - began;
  expect(done.exitCode, done.screen).toBe(0);
  const reports = at(`backups/reports/${backup('migration')}`);
  const name = readdirSync(reports).find((each) => each.startsWith('restore-')) ?? 'none';
  const { durationMs } = JSON.parse(readFileSync(path.join(reports, name), 'utf8'));
  expect(tookMs - durationMs).toBeGreaterThan(waitMs);
});

test('export writes beside the backup, where git ignores it', async () => {
  expect(spawnSync('git', ['init', '-q'], { cwd: project.root }).status).toBe(0);
  expect((await run('init')).exitCode).toBe(0);
  const status = (): string =>
    spawnSync('git', ['status', '--porcelain', '-uall'], { cwd: project.root }).stdout.toString();
  const before = status();
  const id = backup('migration');
  for (const [file, ...args] of [[`backups/${id}.zip`], [`backups/${id}.tar`, '--format', 'tar', id]] as const) {
    const made = await runCli(['export', ...args], { cwd: at('docs') });
    expect(made.stdout).toContain(at(file));
    expect((await run('verify', file)).exitCode).toBe(0);
  }
  expect(status()).toBe(before);
  expect(JSON.parse((await run('list', '--json')).stdout).backups).toHaveLength(1);
  // One that lies elsewhere has its export there.
  renameSync(at('backups'), at('../elsewhere'));
  const elsewhere = await run('export', '--format', 'tar', `../elsewhere/${id}.zip`);
  expect(elsewhere).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining(`elsewhere/${id}.tar exists already`),
  });
});

test('what validate finds well is one line a group, and what nobody looked at is not passed over', async () => {
  const { checks } = JSON.parse((await run('validate', '--json')).stdout);
  const [shown = ''] = (await run('validate')).stdout.split('would be backed up');
  const groups = new Map<string, number>();
  for (const { group, status } of checks) groups.set(group, (groups.get(group) ?? 0) + (status === 'ok' ? 1 : 0));
  const lines = shown.trimEnd().split('\n');
  const good = lines.filter((line) => / {2}ok {2}/.test(line));
  expect(good.map((line) => line.split(' ')[0])).toEqual(
    [...groups].filter(([, ok]) => ok > 0).map(([group]) => group),
  );
  for (const line of good) expect(line.length).toBeLessThanOrEqual(80);
  expect(shown).toContain(`ok  36 files in 7 of 12 categories, and ${(groups.get('inventory') ?? 0) - 1} more`);
  for (const line of lines) expect(line).toMatch(/ {2}ok {2}|^\w+$|^ {3}[-!x] |^ {6}/);
  const [unseen = []] = checks.flatMap(({ evidence }: { evidence?: { notLookedAt?: string[] } }) =>
    evidence?.notLookedAt === undefined ? [] : [evidence.notLookedAt],
  );
  expect(shown.includes('not looked at: ')).toBe(unseen.length > 0);
});

describe.runIf(hasTerminal)('on a terminal of 80 columns lines are broken between words', () => {
  const words = 'before the owner of all the contracts is changed to the new one, which nobody can take back, '.repeat(
    2,
  );
  /** Line by line, also where a progress line is written over. */
  const screen = async (...args: string[]): Promise<string> => {
    const { raw } = await runOnTerminal(args, [], { cwd: project.root });
    return stripVTControlCharacters(raw.replaceAll('\r\u001b[K', '\n')).replaceAll('\r', '');
  };
  /** A path has no words. */
  const isPath = (line: string): boolean => /^ *(\w+:? +)?\S+$/.test(line);
  const long = (text: string): string[] => text.split('\n').filter((line) => line.length > 80 && !isPath(line));

  test('of list, show and report', async () => {
    expect((await run('create', '--note', words, '--tag', 'release=1.4')).exitCode).toBe(0);
    for (const args of [['list'], ['show'], ['report'], ['verify', '--quick'], ['status'], ['validate']])
      expect(long(await screen(...args)), args.join(' ')).toEqual([]);
    expect((await run('report')).stdout).toMatch(/\| Verified in full\? \| yes \| .{60,} \|\n/);
  });

  test('of what guard says while it runs', async () => {
    const shown = await screen('guard', '--', 'sh', '-c', `true ${words}`);
    expect(shown).toContain('is taken and verified; running');
    expect(long(shown)).toEqual([]);
  });

  test('of errors and hints, but never a command line', async () => {
    const id = backup('migration');
    const unknown = await screen('restore', 'nosuch-of-a-name-that-is-long', '--root', project.root);
    expect(long(unknown).filter((line) => !/^ +migbackup list --root \S+/.test(line))).toEqual([]);
    appendFileSync(at('README.md'), 'ruined');
    const args = ['restore', id, '--only', 'docs', '--root', project.root];
    // In CI nobody is asked, on a terminal too.
    const refused = await runOnTerminal(args, [], { cwd: project.root, env: { CI: 'true' } });
    expect(refused.exitCode).toBe(6);
    expect(refused.screen).toContain(`migbackup restore ${id} --only docs --root ${project.root} --yes\n`);
    // Elsewhere each of them is one line.
    expect((await run(...args)).stderr).toMatch(/^error .*\(CONFIRMATION_REQUIRED\)\nhint .*--yes\n$/);
  });
});
