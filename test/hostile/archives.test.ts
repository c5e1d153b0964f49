import { existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { escapeName } from '../../src/core/paths/names.ts';
import type { Project } from '../../src/core/model/category.ts';
import type { Entry } from '../../src/core/model/entry.ts';
import { diffLive } from '../../src/core/operations/diff.ts';
import { exportBackup } from '../../src/core/operations/export.ts';
import { report } from '../../src/core/operations/report.ts';
import { restore, restoreTo } from '../../src/core/operations/restore.ts';
import { show } from '../../src/core/operations/show.ts';
import { verify } from '../../src/core/operations/verify.ts';
import { openExported } from '../../src/core/repository/open-exported.ts';
import { writeReport } from '../../src/core/repository/reports.ts';
import type { SelectedBackup } from '../../src/core/repository/selected.ts';
import { renderDiff } from '../../src/cli/render/diff.ts';
import { renderReport } from '../../src/cli/render/report.ts';
import { renderShow } from '../../src/cli/render/show.ts';
import { paint } from '../../src/cli/render/style.ts';
import { renderVerify } from '../../src/cli/render/verify.ts';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { context } from '../support/real-backup.ts';
import { makeCategories, makeProject } from '../support/source.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { CASES } from './cases/index.ts';
import { FORGED_ID, forgeBackup, type Forged } from './support/forge-backup.ts';
import type { HostileCase } from './support/hostile-case.ts';
import { RAW_CONTROL } from './support/raw-control.ts';
import { refusal } from './support/refusal.ts';

let temp: TempFolder;
let project: Project;
let evil: string;
beforeEach(() => {
  temp = tempFolder();
  evil = path.join(temp.path, 'evil');
  put(temp.path, 'evil/target.txt', 'canary');
  const root = path.join(temp.path, 'project');
  put(root, 'src/untouched.ts', 'as it was');
  mkdirSync(path.join(root, 'backups'));
  const categories = makeCategories({ docs: [{ name: 'main', path: '.' }] });
  project = makeProject(root, categories);
});
afterEach(() => temp[Symbol.dispose]());

/** Everything but what a program may write: its repository, its locks, and the restored copy and export, which are looked at by themselves. */
function everywhere(): Tree {
  return readTree(temp.path, ['project/backups', 'project/.migbackup', 'copy', 'export.tar', 'export.zip']);
}

/** Below `root` stands exactly what the index states; `beside` may be there too. */
function expectExactly(root: string, { entries, contents }: Forged, beside: readonly string[] = []): void {
  for (const entry of entries) expectEntry(root, entry, contents.get(entry.path));
  const stated = new Set(entries.map((entry) => entry.path));
  const parents = (name: string): boolean => [...stated].some((other) => other.startsWith(`${name}/`));
  const others = [...readTree(root, beside).keys()].filter((name) => !stated.has(name) && !parents(name));
  expect(others).toEqual([]);
}

function expectEntry(root: string, entry: Entry, content: Buffer | undefined): void {
  const file = path.join(root, entry.path);
  const stat = lstatSync(file, { bigint: true });
  const type = stat.isSymbolicLink() ? 'symlink' : stat.isDirectory() ? 'dir' : 'file';
  expect([entry.path, type]).toEqual([entry.path, entry.type]);
  if (type === 'symlink') return;
  expect(Number(stat.mode & 0o7777n)).toBe(entry.mode);
  if (type === 'dir') return;
  const drift = Number(stat.mtimeNs - entry.mtimeNs);
  expect(Math.abs(drift)).toBeLessThan(1_000_000);
  expect(content === undefined || readFileSync(file).equals(content)).toBe(true);
}

const contentsOf = (folder: string) => [...readTree(folder)].map(([name, { type, content }]) => [name, type, content]);

/** An export of a backup that is whole as a set of files is that set, whatever is in it; any other is refused and leaves no file. */
async function exportAll(selected: SelectedBackup, hostile: HostileCase): Promise<void> {
  for (const format of ['tar', 'zip'] as const) {
    const output = path.join(temp.path, `export.${format}`);
    const refused = await refusal(exportBackup(selected, { format, output }, context));
    if (hostile.verdict === 'accept') expect(refused).toBeNull();
    expect(existsSync(output)).toBe(refused === null);
    if (refused !== null) continue;
    const opened = await openExported(output, temp.path);
    expect(contentsOf(opened.folder)).toEqual(contentsOf(selected.folder));
    opened.dispose();
  }
}

async function judge(hostile: HostileCase): Promise<void> {
  const forged = await forgeBackup(project.repository, hostile, evil);
  const selected = { id: FORGED_ID, folder: forged.folder, dispose() {} };
  const before = everywhere();

  const verified = await verify(selected, { mode: 'full', repository: null }, context);
  const printed = renderVerify(verified, paint(process.stdout));
  await refusal(
    show(selected, { files: true }, context).then((report) =>
      printed.push(...renderShow(report, paint(process.stdout))),
    ),
  );
  const differs = await refusal(
    diffLive(project, selected, context).then((report) => printed.push(...renderDiff(report, paint(process.stdout)))),
  );
  if (hostile.verdict === 'accept') expect(differs).toBeNull();
  const written = writeReport(project.repository, FORGED_ID, 'verify', verified);
  printed.push(readFileSync(written.file ?? '', 'utf8'));
  await refusal(report(selected, project, context).then((summary) => printed.push(...renderReport(summary))));
  await exportAll(selected, hostile);
  expect(printed.join('\n')).not.toMatch(RAW_CONTROL);
  expect(compareTrees(before, everywhere())).toEqual([]);

  const copy = path.join(temp.path, 'copy');
  const links = { only: [], allowUnsafeLinks: hostile.verdict === 'accept' };
  const notCopied = await refusal(restoreTo(selected, { ...links, to: copy }, context));
  expect(compareTrees(before, everywhere())).toEqual([]);
  const inPlace = { ...links, exact: false, dryRun: false, safetyBackup: true, confirm: () => Promise.resolve(true) };
  const notRestored = await refusal(restore(project, selected, inPlace, context));

  if (hostile.verdict === 'reject') {
    expect(verified.status).toBe(hostile.verifies === true ? 'PASSED' : 'FAILED');
    if (hostile.onlyInPlace !== true) expect(notCopied).not.toBeNull();
    expect(notRestored).not.toBeNull();
  }
  if (hostile.verdict === 'accept') {
    expect(verified.findings).toEqual([]);
    expect([notCopied, notRestored]).toEqual([null, null]);
  }
  if (notCopied === null) expectExactly(copy, forged);
  else expect(() => lstatSync(copy)).toThrow('ENOENT');
  if (notRestored === null) {
    expectExactly(project.root, forged, ['src', 'backups', '.migbackup']);
    expect(readFileSync(path.join(project.root, 'src/untouched.ts'), 'utf8')).toBe('as it was');
  } else {
    expect(compareTrees(before, everywhere())).toEqual([]);
    expect(escapeName(notRestored.message)).not.toMatch(RAW_CONTROL);
  }
  expect(readFileSync(path.join(evil, 'target.txt'), 'utf8')).toBe('canary');
}

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  const light = cases.filter((hostile) => hostile.heavy !== true);
  test.each(light.map((hostile) => [`${hostile.name} ${hostile.attack}`, hostile] as const))(
    '%s',
    async (_name, hostile) => judge(hostile),
    30_000,
  );
});
