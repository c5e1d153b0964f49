import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guard } from '../../src/core/operations/guard.ts';
import { create } from '../../src/core/operations/create.ts';
import { restore, restoreTo } from '../../src/core/operations/restore.ts';
import { undo } from '../../src/core/operations/undo.ts';
import { verify } from '../../src/core/operations/verify.ts';
import type { AnyFinding } from '../../src/core/model/finding.ts';
import type { SelectedBackup } from '../../src/core/repository/selected.ts';
import { readOperations } from '../../src/core/repository/reports.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';

let backup: RealBackup;
let selected: SelectedBackup;
beforeEach(async () => {
  backup = await makeRealBackup();
  selected = { id: backup.id, folder: backup.folder, dispose() {} };
});
afterEach(() => backup[Symbol.dispose]());

const YES = { dryRun: false, confirm: () => Promise.resolve(true) };
const HOW = { only: [], allowUnsafeLinks: false, exact: false, safetyBackup: true, ...YES };
const inReports = (...parts: string[]): string => path.join(backup.project.repository, 'reports', ...parts);

interface Kept {
  readonly findings: readonly AnyFinding[];
  readonly reportFile?: string | null;
}

/** Each operation that keeps a report, on its way through one project. */
async function runAll(): Promise<Record<string, Kept>> {
  const { project, root } = backup;
  const to = path.join(path.dirname(root), 'elsewhere');
  const removal = `fs.rmSync(${JSON.stringify(path.join(root, 'package.json'))}); process.exit(1)`;
  const broken = [process.execPath, '-e', removal];
  const created = await create(project, { verify: true, allowPartial: false }, context);
  const verified = await verify(selected, { mode: 'full', repository: project.repository }, context);
  const copied = await restoreTo(selected, { ...HOW, to, repository: project.repository }, context);
  fs.appendFileSync(path.join(root, 'README.md'), 'changed');
  const restored = await restore(project, selected, HOW, context);
  const guarded = await guard(
    project,
    {
      command: broken,
      checks: [],
      onFailure: 'restore',
      confirm: () => Promise.resolve(true),
      stdoutToStderr: true,
      lockWaitMs: 0,
      backup: {},
    },
    context,
  );
  return { created, verified, copied, restored, guarded };
}

test('each is kept below the backup that it is about, none over another, and each change is on record once', async () => {
  const reports = await runAll();
  const undone = await undo(backup.project, { ...YES, attended: true }, context);
  const files = [...Object.values(reports), undone].flatMap(({ reportFile }) => reportFile ?? []);
  expect(new Set(files).size).toBe(5);
  for (const file of files) {
    const report: Record<string, unknown> = JSON.parse(fs.readFileSync(file, 'utf8'));
    expect(report).toMatchObject({ tool: { name: 'migbackup' }, startedAt: expect.any(String), reportFile: file });
    expect(path.dirname(file)).toBe(inReports(String(report['backupId'])));
  }
  const operations = readOperations(backup.project.repository).map(({ operation }) => operation);
  expect(operations).toEqual(['restore', 'guard', 'undo']);
  expect(
    Object.values(reports).flatMap(({ findings }) => findings.filter(({ severity }) => severity !== 'info')),
  ).toEqual([]);
});

test('one that cannot be written is a warning of that operation, and no failure of it', async () => {
  fs.rmSync(inReports(), { recursive: true });
  fs.writeFileSync(inReports(), '');
  const reports = await runAll();
  for (const [name, { findings, reportFile }] of Object.entries(reports)) {
    expect(findings, name).toContainEqual(expect.objectContaining({ code: 'report-not-written', severity: 'warning' }));
    expect(reportFile ?? null, name).toBe(null);
  }
  expect(reports['guarded']?.findings).toContainEqual(expect.objectContaining({ code: 'made-not-recorded' }));
  expect(fs.existsSync(path.join(backup.root, 'package.json'))).toBe(true);
  for (const name of ['restored', 'guarded'])
    expect(reports[name]?.findings, name).toContainEqual(expect.objectContaining({ code: 'log-not-written' }));
});

test('a restore that the log could not take is logged by the undo that follows, and taken back', async () => {
  const readme = path.join(backup.root, 'README.md');
  fs.appendFileSync(readme, 'changed');
  const changed = fs.readFileSync(readme, 'utf8');
  fs.mkdirSync(inReports('operations.ndjson'), { recursive: true });
  const { findings } = await restore(backup.project, selected, HOW, context);
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'log-not-written', message: expect.stringContaining('such as migbackup undo') }),
  );
  expect(fs.readFileSync(readme, 'utf8')).not.toBe(changed);
  fs.rmdirSync(inReports('operations.ndjson'));
  await undo(backup.project, { ...YES, attended: true }, context);
  expect(fs.readFileSync(readme, 'utf8')).toBe(changed);
  expect(readOperations(backup.project.repository).map(({ operation }) => operation)).toEqual(['restore', 'undo']);
  const left = fs.readdirSync(path.join(backup.root, '.migbackup')).filter((name) => name.startsWith('committed-'));
  expect(left).toEqual([]);
});
