import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../support/files.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/* What is gone is said until somebody brings it back or accepts it: a backup that is taken meanwhile, by whomever, does not end it. */

interface Finding {
  readonly code: string;
  readonly message: string;
  readonly recommendation: string;
}

let temp: TempFolder;
let root: string;
beforeEach(() => {
  temp = tempFolder();
  root = path.join(temp.path, 'project');
  put(root, 'deployments/a.json', '{}');
  put(root, 'deployments/b.json', '{}');
  put(root, 'docs/a.md', '# A\n');
});
afterEach(() => temp[Symbol.dispose]());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root });

async function create(...args: string[]): Promise<{ backupId: string; findings: Finding[] }> {
  const { stdout, stderr } = await run('create', '--json', ...args);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const gone = ({ findings }: { findings: Finding[] }): string[] =>
  findings.filter(({ code }) => code === 'state-gone').map(({ message }) => message);
const lose = (place: string): void => rmSync(path.join(root, place), { recursive: true });

/** Pastes the line that status ends with. */
async function pasteNext(): Promise<void> {
  const { next }: { next: string[] } = JSON.parse((await run('status', '--json')).stdout);
  const pasted = await run(...(next[0] ?? '').split(' ').slice(1), '--yes');
  expect(pasted.exitCode, pasted.stderr).toBe(0);
}

test.each([
  ['a guard', ['guard', '--', process.execPath, '-e', '0']],
  ['a create', ['create']],
])(
  '%s does not end what is said of a loss, a second one does not, and the line brings it back',
  async (_what, args) => {
    const { backupId } = await create();
    lose('deployments');
    expect((await run(...args)).exitCode).toBe(0);
    for (const each of [1, 2]) {
      const validated = await run('validate');
      expect(validated.exitCode, `after ${each}`).toBe(4);
      expect(validated.stdout).toContain(`gone since ${backupId}: deployments (2 files)`);
      expect((await run('status')).stdout).toMatch(new RegExp(`^ {2}gone +deployments, since ${backupId}\\n`));
      expect(gone(await create())).toEqual([expect.stringContaining(`gone since ${backupId}`)]);
    }
    await pasteNext();
    expect((await run('validate')).exitCode).toBe(0);
    expect(readFileSync(path.join(root, 'deployments/b.json'), 'utf8')).toBe('{}');
    // And the next loss is one of the next backup.
    const next = await create();
    expect(gone(next)).toEqual([]);
    lose('deployments');
    expect((await run('validate')).stdout).toContain(`gone since ${next.backupId}: deployments (2 files)`);
  },
);

test('what was removed on purpose is accepted once, on record, and never said again', async () => {
  const { backupId } = await create();
  lose('docs/a.md');
  expect(gone(await create())).toHaveLength(1);
  const accepted = await create('--accept-gone');
  expect(gone(accepted)).toEqual([]);
  expect(accepted.findings).toContainEqual(
    expect.objectContaining({
      code: 'gone-accepted',
      message: expect.stringContaining(`since ${backupId}, and accepted: docs/a.md`),
    }),
  );
  expect((await run('validate')).exitCode).toBe(0);
  expect(gone(await create())).toEqual([]);
  expect((await run('show', accepted.backupId, '--json')).stdout).toContain('gone-accepted');
  // A backup that is not of everything cannot speak for everything.
  for (const flag of [['--only', 'docs'], ['--allow-partial']])
    expect((await run('create', '--accept-gone', ...flag)).exitCode).toBe(2);
});

test('two losses at different times are both said, and the newer state of what both had comes back', async () => {
  const first = await create();
  lose('deployments/b.json');
  writeFileSync(path.join(root, 'deployments/a.json'), '"new"');
  const second = await create();
  lose('deployments');
  const { stdout } = await run('validate');
  expect(stdout).toContain(`gone since ${second.backupId}: deployments\n`);
  expect(stdout).toContain(`gone since ${first.backupId}: deployments (2 files)\n`);
  // Also after one more backup.
  expect(gone(await create())).toHaveLength(2);
  await pasteNext();
  await pasteNext();
  expect(readFileSync(path.join(root, 'deployments/a.json'), 'utf8')).toBe('"new"');
  expect(readFileSync(path.join(root, 'deployments/b.json'), 'utf8')).toBe('{}');
  expect((await run('validate')).exitCode).toBe(0);
});

test('prune keeps the backup that has what is gone, until that is accepted', async () => {
  const { backupId } = await create();
  lose('deployments');
  await create();
  const kept = await run('prune', '--keep-last', '1', '--json', '--yes');
  expect(kept.exitCode).toBe(0);
  const { keep }: { keep: { backupId: string; reasons: string[] }[] } = JSON.parse(kept.stdout);
  expect(keep).toContainEqual(expect.objectContaining({ backupId, reasons: ['it has state that is gone'] }));
  await pasteNext();
  lose('deployments');
  await create('--accept-gone');
  const pruned = await run('prune', '--keep-last', '1', '--json', '--yes');
  const { remove }: { remove: { backupId: string }[] } = JSON.parse(pruned.stdout);
  expect(remove.map((one) => one.backupId)).toContain(backupId);
});
