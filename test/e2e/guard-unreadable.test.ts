import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { canRunAsUser, giveToUser, isRoot, NOBODY, runAsUser } from '../support/other-user.ts';
import { schemaViolations } from '../support/schemas.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/*
 * A command ends, and something cannot be looked at. That is said, and no reason to leave the project in the middle: the way back is tried,
 * and the exit code says what became of the project.
 */

let temp: TempFolder;
let root: string;
let before: Tree;

beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'package.json', '{}');
  put(root, 'docs/a.md', 'a');
  put(root, 'tmpdata/deep/x', 'x');
  put(root, 'tmpdata/y', 'y');
  chmodSync(temp.path, 0o755);
  giveToUser(root);
  before = tree();
});
afterEach(() => {
  spawnSync('chmod', ['-R', 'u+rwX', root]);
  temp[Symbol.dispose]();
});

const tree = (): Tree => readTree(root, ['backups', '.migbackup', 'tmpdata']);
const FAIL = 'echo ruined >> docs/a.md; rm package.json; exit 3';
const SUCCEED = 'echo more >> docs/a.md';

interface Guarded {
  readonly exit: number | null;
  readonly stderr: string;
  readonly report: {
    readonly outcome?: string;
    readonly outside?: string[];
    readonly backupId?: string;
    readonly next?: string[];
    readonly findings?: { code: string; path?: string }[];
  };
}

function guard(script: string, ...flags: string[]): Guarded {
  const ran = runAsUser(root, ['guard', '--json', ...flags, '--', 'sh', '-c', script]);
  const report: Guarded['report'] = JSON.parse(ran.stdout);
  expect(schemaViolations('error' in report ? 'error' : 'guard', report)).toEqual([]);
  return { exit: ran.status, stderr: ran.stdout + ran.stderr, report };
}

const codes = ({ report }: Guarded): string[] => (report.findings ?? []).map(({ code }) => code);
const asText = (script: string) => runAsUser(root, ['guard', '--', 'sh', '-c', script]);

/** A line of shell, run as the same user, with `migbackup` being the command line from source. */
function run(line: string): void {
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const [, mend = '', words = ''] = /^(.*) && migbackup (.*)$/.exec(line) ?? [];
  expect(spawnSync('sh', ['-c', mend], { cwd: '/', ...user }), mend).toMatchObject({ status: 0 });
  const { status, stderr } = runAsUser(root, [...words.split(' '), '--yes']);
  expect(status, stderr).toBe(0);
}

const reason = canRunAsUser ? null : 'nobody else can reach this checkout';

describe.skipIf(reason !== null)(
  withReason('a folder in no category that may not be read (as another user)', reason),
  () => {
    test.each([
      ['listed only', 'chmod 444 tmpdata', 'tmpdata/deep'],
      ['entered only', 'chmod 111 tmpdata/deep', 'tmpdata/deep'],
      ['neither', 'chmod 000 tmpdata', 'tmpdata'],
    ])('%s: what failed is brought back, what succeeded stays', (_mode, script, named) => {
      const failed = guard(`${script}; ${FAIL}`);
      expect(failed.exit, failed.stderr).toBe(20);
      expect(compareTrees(before, tree())).toEqual([]);
      expect(failed.report).toMatchObject({ outcome: 'rolled-back', outside: [] });
      expect(failed.report.findings).toContainEqual(
        expect.objectContaining({ code: 'outside-not-seen', severity: 'warning', path: named }),
      );
      // Now it was there before.
      const succeeded = guard(SUCCEED);
      expect(succeeded.exit, succeeded.stderr).toBe(0);
      expect(succeeded.report).toMatchObject({ outcome: 'succeeded', outside: [] });
      expect(succeeded.report.findings).toContainEqual(
        expect.objectContaining({ code: 'outside-not-seen', severity: 'info', path: named }),
      );
      expect(guard(FAIL).exit).toBe(20);
    });

    test('what is seen beside it is told as ever', () => {
      const failed = guard(`chmod 000 tmpdata/deep; echo z > tmpdata/z; ${FAIL}`);
      expect(failed.report).toMatchObject({ outcome: 'rolled-back', outside: ['tmpdata/z'] });
    });
  },
);

describe.skipIf(!isRoot || reason !== null)('a folder of somebody else (as root and as another user)', () => {
  beforeEach(() => {
    put(root, 'pgdata/base/1', 'rows');
    chmodSync(path.join(root, 'pgdata'), 0o700);
    before = tree();
  });
  afterEach(() => chownSync(path.join(root, 'pgdata'), 0, 0));

  test.each([
    [FAIL, 20],
    ['exit 3', 20],
    [SUCCEED, 0],
    ['true', 0],
  ])('%s: exit %i', (script, exit) => {
    const guarded = guard(script);
    expect(guarded.exit, guarded.stderr).toBe(exit);
    if (exit === 20) expect(compareTrees(before, tree())).toEqual([]);
    expect(codes(guarded)).toContain('outside-not-seen');
  });
});

describe.skipIf(reason !== null)(withReason('the backups may not be read any more (as another user)', reason), () => {
  // chmod says that it failed: it can no longer enter what it has closed.
  const bar = () => `{ chmod -R 000 '${path.join(root, 'backups')}' 2>/dev/null || true; }`;

  test('a command that succeeded has succeeded', () => {
    const guarded = guard(`${SUCCEED}; ${bar()}`);
    expect(guarded.exit, guarded.stderr).toBe(0);
    expect(guarded.report).toMatchObject({ outcome: 'succeeded', paths: [], changes: {} });
    expect(codes(guarded)).toEqual(
      expect.arrayContaining(['changes-not-known', 'log-not-written', 'report-not-written']),
    );
    // undo will not know of it: then that is not what is said.
    expect(guarded.report.next).toEqual([`migbackup restore ${guarded.report.backupId} --exact`]);
    expect(readFileSync(path.join(root, 'docs/a.md'), 'utf8')).toBe('amore\n');
  });

  test('and its text claims nothing of what it changed', () => {
    const { status, stderr } = asText(bar());
    expect(status, stderr).toBe(0);
    expect(stderr).not.toContain('changed nothing');
    expect(stderr).toMatch(/Take it back: migbackup restore migration-\S+ --exact/);
  });

  test('one whose result is kept is kept', () => {
    const guarded = guard(`${bar()}; ${FAIL}`, '--on-failure', 'keep');
    expect(guarded.exit, guarded.stderr).toBe(21);
    expect(codes(guarded)).toContain('changes-not-known');
  });

  test.each([
    ['all of them', bar],
    ['the one that guard took', () => 'chmod 000 "$MIGBACKUP_DIR"'],
  ])('%s: one that failed cannot be taken back, and the line that does it is named', (_what, script) => {
    const { status, stderr } = asText(`${script()}; ${FAIL}`);
    expect(status, stderr).toBe(7);
    expect(stderr).toContain('the project is as the command left it');
    run(/^hint +Run: (.*)$/m.exec(stderr)?.[1] ?? stderr);
    expect(compareTrees(before, tree())).toEqual([]);
  });
});

describe.skipIf(reason !== null)(
  withReason('what a category holds may not be read any more (as another user)', reason),
  () => {
    test('a command that succeeded has succeeded, and undo knows of it', () => {
      const guarded = guard(`${SUCCEED}; mkdir docs/new; chmod 000 docs/new`);
      expect(guarded.exit, guarded.stderr).toBe(0);
      expect(codes(guarded)).toContain('changes-not-known');
      expect(guarded.report.next).toEqual(['migbackup undo']);
      chmodSync(path.join(root, 'docs/new'), 0o755);
      expect(runAsUser(root, ['undo', '--yes']).status).toBe(0);
      expect(compareTrees(before, tree())).toEqual([]);
    });
  },
);

describe.skipIf(reason !== null)(withReason('.migbackup may not be read any more (as another user)', reason), () => {
  test.each([
    [`${SUCCEED}; chmod 000 .migbackup`, 0],
    [`chmod 000 .migbackup; ${FAIL}`, 7],
  ])('%s: exit %i', (script, exit) => {
    mkdirSync(path.join(root, '.migbackup'), { recursive: true });
    giveToUser(root);
    const guarded = guard(script);
    expect(guarded.exit, guarded.stderr).toBe(exit);
    if (exit === 0) expect(codes(guarded)).toContain('marker-kept');
  });
});
