import fs from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { dataProject } from '../support/sqlite/data-project.ts';
import { makeSqlite, textsIn } from '../support/sqlite/make-sqlite.ts';
import type { TempFolder } from '../support/temp-folder.ts';

/** A database file that somebody wrote over: to the eye of a scan it is a file as any other. */

let temp: TempFolder;
let root: string;
let file: string;
beforeEach(() => {
  ({ temp, root, file } = dataProject());
  makeSqlite(file);
  return () => temp[Symbol.dispose]();
});

const run = (...args: string[]) => runCli(args, { cwd: root });
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** Writes over a part of the file, whose size stays. */
function overwrite(bytes: Buffer): void {
  const fd = fs.openSync(file, 'r+');
  fs.writeSync(fd, bytes, 0, bytes.length, 0);
  fs.closeSync(fd);
}

const size = (): number => fs.statSync(file).size;

test.each<[string, () => void]>([
  ['zeroed', () => overwrite(Buffer.alloc(size()))],
  ['without its header', () => overwrite(Buffer.alloc(100))],
  ['full of one letter', () => overwrite(Buffer.alloc(size(), 'Z'))],
  ['a text', () => fs.writeFileSync(file, 'it was here\n')],
])('one that is %s now is lost state, and the line brings it back', async (_, destroy) => {
  const old = textsIn(file);
  const { backupId }: { backupId: string } = JSON.parse((await run('create', '--json')).stdout);
  destroy();
  const line = `migbackup restore ${backupId} --only data/app.db`;

  const lost = await run('validate');
  expect(lost.exitCode).toBe(4);
  expect(oneLine(lost.stdout)).toContain(
    `gone since ${backupId}: data/app.db (no SQLite database any more, 300 records before)`,
  );
  expect((await run('status')).stdout).toMatch(/^ +gone +data\/app\.db \(no SQLite database any more\)/);
  const told: { lost: { gone: object[] }[]; next: string[] } = JSON.parse((await run('status', '--json')).stdout);
  expect(told.lost.flatMap(({ gone }) => gone)).toEqual([
    { path: 'data/app.db', files: 1, records: 300, bytes: null, noLonger: 'sqlite' },
  ]);
  expect(told.next).toEqual([line]);
  const created = await run('create');
  expect(created.exitCode, created.stderr).toBe(0);
  expect(oneLine(created.stdout)).toContain(`${line} brings it back.`);

  const restored = await run(...line.split(' ').slice(1), '--yes');
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(textsIn(file)).toBe(old);
  expect((await run('validate')).stdout).not.toContain('gone since');
});

test('where it is meant to be so, that is accepted once', async () => {
  await run('create');
  fs.writeFileSync(file, 'it was here\n');
  expect((await run('create', '--accept-gone')).exitCode).toBe(0);
  expect((await run('validate')).stdout).not.toContain('gone since');
});
