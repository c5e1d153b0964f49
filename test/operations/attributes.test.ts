import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderCreate } from '../../src/cli/render/create.ts';
import { paint } from '../../src/cli/render/style.ts';
import { checkAttributes } from '../../src/core/checks/preflight/inventory.ts';
import { resolveProject } from '../../src/core/config/project.ts';
import type { CreateReport } from '../../src/core/model/create-report.ts';
import type { RestoreReport } from '../../src/core/model/restore-report.ts';
import { create } from '../../src/core/operations/create.ts';
import { diffLive } from '../../src/core/operations/diff.ts';
import { guard } from '../../src/core/operations/guard.ts';
import { restore } from '../../src/core/operations/restore.ts';
import { undo } from '../../src/core/operations/undo.ts';
import { lookAtAttributes, type Attributes } from '../../src/core/scan/attributes.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import { put } from '../support/files.ts';
import { writeDatabase } from '../support/leveldb/write-database.ts';
import { context } from '../support/real-backup.ts';
import { withReason } from '../support/skipped.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const missing = ['setfacl', 'getfacl', 'setfattr', 'getfattr', 'lsattr', 'chattr'].filter(
  (tool) => spawnSync(tool, ['--version']).error !== undefined,
);
const whyNot = process.platform !== 'linux' ? 'Linux only' : missing.length > 0 ? `no ${missing.join(', ')}` : null;

let temp: TempFolder;
beforeEach(() => {
  temp = tempFolder();
  put(temp.path, 'package.json', '{"name": "x"}');
  put(temp.path, 'docs/plain.md', 'plain');
  put(temp.path, 'docs/sub/é x.md', 'with an ACL');
  put(temp.path, 'deployments/a.json', '{}');
});
afterEach(() => {
  spawnSync('chattr', ['-R', '-d', temp.path]);
  temp[Symbol.dispose]();
});

const inside = (relative: string): string => path.join(temp.path, relative);
const modeOf = (relative: string): string => (fs.statSync(inside(relative)).mode & 0o777).toString(8);
const run = (tool: string, ...args: string[]): string => execFileSync(tool, args, { cwd: temp.path, encoding: 'utf8' });
const project = () => resolveProject({ cwd: temp.path, env: {} });
const take = (): Promise<CreateReport> => create(project(), { verify: true, allowPartial: false }, context);

/** What create prints of what it did not look at, without the breaks of its lines. */
function said(report: CreateReport): string[] {
  const text = renderCreate(report, paint(process.stdout))
    .join('\n')
    .replaceAll(/\n {4,}/g, ' ');
  return [...text.matchAll(/not looked at.*/g)].map(([line]) => line);
}

function bringBack(backupId: string, options: { dryRun?: boolean } = {}): Promise<RestoreReport> {
  const selected = { id: backupId, folder: inside(`backups/${backupId}`), dispose() {} };
  const all = { only: [], allowUnsafeLinks: true, exact: true, dryRun: false, safetyBackup: true };
  return restore(project(), selected, { ...all, confirm: () => Promise.resolve(true), ...options }, context);
}

/** A file that its owning group may not read: the mask of its ACL, which the mode shows, says otherwise. */
function withAcl(relative: string): void {
  fs.chmodSync(inside(relative), 0o660);
  run('setfacl', '-m', 'u:1:rw,g::-', relative);
  expect(modeOf(relative)).toBe('660');
}

test('hard links are named by create, and by the plan that would lose them', async () => {
  fs.linkSync(inside('docs/plain.md'), inside('docs/again.md'));
  const { backupId, findings } = await take();
  const said = { code: 'attributes-not-kept', severity: 'info', evidence: { 'hard links': 2 } };
  expect(findings).toMatchObject([{ ...said, affects: ['docs/again.md', 'docs/plain.md'] }]);
  expect((await bringBack(backupId, { dryRun: true })).plan).toMatchObject({ nothingToDo: true, findings: [] });
  fs.appendFileSync(inside('docs/plain.md'), ' and changed');
  const replaced = { ...said, message: 'no backup keeps what some files and folders have: 2 with hard links' };
  const planned = await bringBack(backupId, { dryRun: true });
  expect(planned.plan?.findings).toMatchObject([replaced]);
  expect((await bringBack(backupId)).findings).toMatchObject([replaced]);
});

test('without the tools nothing is claimed: what nobody looked at is named as that, and is no finding', async () => {
  const before = process.env['PATH'];
  process.env['PATH'] = inside('docs');
  try {
    const report = await take();
    const { notLookedAt, findings, backupId } = report;
    const all = ['ACLs', 'default ACLs', 'extended attributes', 'file flags'];
    expect(said(report)).toEqual([`not looked at: ${all.join(', ')}; no backup keeps them`]);
    expect(notLookedAt).toEqual(all);
    expect(findings).toEqual([]);
    expect((await bringBack(backupId, { dryRun: true })).plan).toMatchObject({ notLookedAt: all, findings: [] });
    const { categories } = project().config;
    const looked = await lookAtAttributes(project(), categories, { ownership: new Ownership(categories), flags: true });
    expect(checkAttributes(looked)).toMatchObject({ status: 'ok', message: expect.stringContaining(all.join(', ')) });
  } finally {
    process.env['PATH'] = before;
  }
});

test.skipIf(process.platform !== 'linux')(
  'create says nothing of it where there is nothing that it could not look at',
  async () => {
    put(temp.path, 'tools/getfattr', '#!/bin/sh\n');
    fs.chmodSync(inside('tools/getfattr'), 0o755);
    const before = process.env['PATH'];
    process.env['PATH'] = `${inside('tools')}:/bin:/usr/bin`;
    try {
      expect(said(await take())).toEqual([]);
    } finally {
      process.env['PATH'] = before;
    }
  },
);

describe.skipIf(whyNot !== null)(withReason('with the tools of the system', whyNot), () => {
  test('a file with an ACL comes back with the rights that its owning group had, not with the mask', async () => {
    writeDatabase(inside('leveldb'), [[Buffer.from('key'), Buffer.from('value')]]);
    const table = `leveldb/${fs.readdirSync(inside('leveldb')).find((name) => /\.(ldb|log)$/.test(name))}`;
    for (const file of ['docs/sub/é x.md', 'deployments/a.json', table]) withAcl(file);
    run('setfacl', '-m', 'u:1:rwx,g::-', 'docs/sub');
    const { backupId, findings } = await take();
    expect(findings).toMatchObject([{ code: 'attributes-not-kept', evidence: { ACLs: 4 } }]);
    for (const folder of ['docs', 'deployments', 'leveldb']) fs.rmSync(inside(folder), { recursive: true });
    await bringBack(backupId);
    expect(['docs/sub/é x.md', 'deployments/a.json', table].map(modeOf)).toEqual(['600', '600', '600']);
    expect(modeOf('docs/sub')).toBe('705');
    expect((await bringBack(backupId, { dryRun: true })).plan).toMatchObject({ nothingToDo: true });
  });

  test('what is as it was is left alone, with its ACL', async () => {
    withAcl('docs/sub/é x.md');
    run('setfacl', '-m', 'u:1:rwx,g::-', 'docs/sub');
    const acls = run('getfacl', '-R', '-n', 'docs');
    const { backupId } = await take();
    expect((await bringBack(backupId)).outcome).toBe('unchanged');
    const selected = { id: backupId, folder: inside(`backups/${backupId}`), dispose() {} };
    expect((await diffLive(project(), selected, context)).same).toBe(true);
    put(temp.path, 'docs/plain.md', 'changed');
    expect((await bringBack(backupId)).findings).toEqual([]);
    expect(run('getfacl', '-R', '-n', 'docs')).toBe(acls);
  });

  test('all kinds are named: by create, by the plans of restore and undo, and by guard', async () => {
    withAcl('docs/sub/é x.md');
    run('setfacl', '-d', '-m', 'u:1:rw', 'deployments');
    run('setfattr', '-n', 'user.note', '-v', 'so', 'deployments/a.json');
    run('chattr', '+d', 'docs/plain.md');
    const { backupId, findings, notLookedAt } = await take();
    expect(notLookedAt).toEqual(['file flags']);
    expect(findings).toMatchObject([
      {
        code: 'attributes-not-kept',
        evidence: { ACLs: 1, 'default ACLs': 1, 'extended attributes': 1 },
        affects: ['deployments', 'deployments/a.json', 'docs/sub/é x.md'],
      },
    ]);
    fs.appendFileSync(inside('docs/plain.md'), ' and changed');
    fs.appendFileSync(inside('docs/sub/é x.md'), ' and changed');
    const lost = [{ evidence: { ACLs: 1, 'file flags': 1 }, affects: ['docs/plain.md', 'docs/sub/é x.md'] }];
    const planned = await bringBack(backupId, { dryRun: true });
    expect(planned.plan).toMatchObject({ findings: lost, notLookedAt: [] });
    expect((await bringBack(backupId)).findings).toMatchObject(lost);
    run('setfattr', '-n', 'user.note', '-v', 'so', 'docs/plain.md');
    const attribute = [{ evidence: { 'extended attributes': 1 }, affects: ['docs/plain.md'] }];
    const approved = { confirm: () => Promise.resolve(true), dryRun: true };
    expect((await undo(project(), approved, context)).plan).toMatchObject({ findings: attribute });
    const guarded = await guard(
      project(),
      {
        command: ['sh', '-c', `echo changed > '${inside('docs/plain.md')}'; exit 1`],
        checks: [],
        onFailure: 'restore',
        confirm: () => Promise.resolve(true),
        stdoutToStderr: true,
        lockWaitMs: 0,
        backup: {},
      },
      context,
    );
    expect(guarded.findings).toMatchObject(attribute);
  });

  test('getfacl alone says the same of ACLs as getfattr', async () => {
    withAcl('docs/sub/é x.md');
    run('setfacl', '-d', '-m', 'u:1:rw', 'docs');
    const { categories } = project().config;
    const look = (): Promise<Attributes> =>
      lookAtAttributes(project(), categories, { ownership: new Ownership(categories), flags: false });
    const both = await look();
    expect([...both.groupRights]).toEqual([['docs/sub/é x.md', 0]]);
    fs.mkdirSync(inside('tools'));
    fs.symlinkSync(run('sh', '-c', 'command -v getfacl').trim(), inside('tools/getfacl'));
    const before = process.env['PATH'];
    process.env['PATH'] = inside('tools');
    try {
      const alone = await look();
      expect([...alone.found]).toEqual(expect.arrayContaining([...both.found]));
      expect([...alone.groupRights]).toEqual([...both.groupRights]);
      expect(alone.notLookedAt).toEqual(['extended attributes', 'file flags']);
    } finally {
      process.env['PATH'] = before;
    }
  });
});
