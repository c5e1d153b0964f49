/** So many files that threads pack them: what is stored is the same, also where something changes between looking and storing. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeEach, afterEach, expect, test } from 'vitest';
import { BackupError } from '../../src/core/model/backup-error.ts';
import type { Project } from '../../src/core/model/category.ts';
import type { Event } from '../../src/core/model/event.ts';
import type { CreateReport } from '../../src/core/model/create-report.ts';
import { create } from '../../src/core/operations/create.ts';
import { restoreTo } from '../../src/core/operations/restore/to.ts';
import { verify } from '../../src/core/operations/verify.ts';
import { TICK_MS } from '../../src/core/scan/file-state.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { put } from '../support/files.ts';
import { context } from '../support/real-backup.ts';
import { makeCategories, makeProject } from '../support/source.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const FILES = 2200;
let temp: TempFolder;
let project: Project;

/** Thousands of small files, and between them what no thread may pack: a file of 400 kB, odd names, links, an empty folder. */
beforeEach(async () => {
  temp = tempFolder();
  const root = path.join(temp.path, 'project');
  for (let at = 0; at < FILES; at++)
    put(root, `state/n${at % 7}/${at}.json`, JSON.stringify({ at, pad: 'x'.repeat(at) }));
  put(root, 'state/n3/big.bin', Buffer.alloc(400_000, 7));
  put(root, `state/n3/${'long-'.repeat(40)}`, 'long');
  put(root, 'state/n4/größe 😀.json', '{"broken": ');
  put(root, 'state/n4/empty/');
  put(root, 'state/n4/nothing.json', '');
  symlinkSync('../n3/big.bin', path.join(root, 'state/n4/link'));
  chmodSync(path.join(root, 'state/n5/5.json'), 0o600);
  await setTimeout(2 * TICK_MS);
  project = makeProject(root, makeCategories({ state: [{ path: 'state' }] }));
});
afterEach(() => temp[Symbol.dispose]());

/** Takes a backup; what stands before the big file is read early, and `change` happens when everything has been looked at and nothing is stored yet. */
function take(change: () => void = () => undefined, signal?: AbortSignal): Promise<CreateReport> {
  const onEvent = (event: Event): void => {
    if (event.type === 'phase-begin' && event.phase === 'storing') change();
  };
  return create(project, { verify: true, allowPartial: false }, { ...context, signal, onEvent });
}

async function expectWhole({ backupId }: CreateReport): Promise<void> {
  const selected = { id: backupId, folder: path.join(project.repository, backupId), dispose() {} };
  const report = await verify(selected, { mode: 'full', repository: null }, context);
  expect(report.status).not.toBe('FAILED');
  const target = path.join(temp.path, 'restored');
  await restoreTo(selected, { to: target, only: [], allowUnsafeLinks: false }, context);
  expect(compareTrees(readTree(path.join(project.root, 'state')), readTree(path.join(target, 'state')))).toEqual([]);
}

test('everything comes back, and what does not parse is named', async () => {
  const report = await take();
  expect(report.totals.files).toBe(FILES + 4);
  const invalid = report.findings.filter(({ code }) => code === 'invalid-json').map((finding) => finding.path);
  expect(invalid).toEqual(['state/n4/größe 😀.json', 'state/n4/nothing.json']);
  await expectWhole(report);
});

test('files that grow, shrink or are replaced between looking and storing are stored as they are then', async () => {
  const file = (name: string): string => path.join(project.root, 'state', name);
  const report = await take(() => {
    appendFileSync(file('n4/704.json'), ' '.repeat(5000));
    writeFileSync(file('n5/12.json'), '{}');
    writeFileSync(file('n6/1000.json'), readFileSync(file('n6/1007.json')));
    rmSync(file('n4/link'));
    symlinkSync('../n3/big.bin', file('n4/link'));
  });
  expect(report.totals.files).toBe(FILES + 4);
  await expectWhole(report);
});

test('a file that vanishes stops it, and nothing is left', async () => {
  const gone = path.join(project.root, 'state/n6/1000.json');
  const error = await take(() => rmSync(gone)).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(BackupError);
  expect(error).toMatchObject({ code: 'SOURCE_CHANGED', path: 'state/n6/1000.json' });
  expect(readdirSync(project.repository).filter((name) => name !== 'lock.db')).toEqual([]);
});

test('an interruption stops it, and nothing is left', async () => {
  const controller = new AbortController();
  const interrupted = take(() => controller.abort(), controller.signal);
  await expect(interrupted).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(
    existsSync(project.repository) && readdirSync(project.repository).filter((name) => name !== 'lock.db'),
  ).toEqual([]);
});
