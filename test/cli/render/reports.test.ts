import { expect, test } from 'vitest';
import { renderList } from '../../../src/cli/render/list.ts';
import { renderRestore } from '../../../src/cli/render/restore.ts';
import { renderVerify, renderVerifyAll } from '../../../src/cli/render/verify.ts';
import type { Paint } from '../../../src/cli/render/style.ts';
import type { RestoreReport } from '../../../src/core/model/restore-report.ts';
import type { VerifyReport } from '../../../src/core/model/verify-report.ts';

const same = (text: string) => text;
const plain: Paint = { good: same, warn: same, bad: same, dim: same, bold: same };
const id = 'migration-2026-11-23T07-38-00-123Z';
const head = {
  tool: { name: 'migbackup', version: '0.1.0', runtime: 'node' },
  startedAt: '2026-11-23T07:38:00.123Z',
  durationMs: 140,
};

const failed: VerifyReport = {
  ...head,
  operation: 'verify',
  backupId: id,
  folder: '/p/backups/x',
  status: 'FAILED',
  scope: { mode: 'full', filesChecked: 136 },
  totals: { files: 136, bytes: 2_097_152, artifacts: 9, archivedBytes: 400_000 },
  categories: { leveldb: { status: 'whole', affected: 0 }, docs: { status: 'damaged', affected: 1 } },
  findings: [{ code: 'file-altered', severity: 'error', message: 'sha256 4c6a, expected 9b9d', path: 'docs/a.md' }],
  recommendations: ['leveldb is whole: restore --only works for it.'],
  reportFile: null,
};

const planned: RestoreReport = {
  ...head,
  operation: 'restore',
  backupId: id,
  outcome: 'unchanged',
  mode: 'in-place',
  target: '/p',
  selection: [],
  plan: null,
  restored: { files: 0, directories: 0, symlinks: 0, bytes: 0 },
  safetyBackup: null,
  checked: false,
  findings: [],
  next: [],
  reportFile: null,
};

test('a failed verification says what is broken, what is whole and what to do', () => {
  expect(renderVerify(failed, plain)).toEqual([
    `  FAILED  ${id}`,
    '  1 problem in 136 files, 2.0 MiB, 0.14 s',
    '  x docs/a.md: sha256 4c6a, expected 9b9d',
    '  -> leveldb is whole: restore --only works for it.',
    '  Next: migbackup list shows the other backups; migbackup create takes a new one',
  ]);
});

test('a sample says its seed and that it does not count', () => {
  const scope = { mode: 'sample' as const, samplePercent: 10, seed: '42', filesChecked: 14 };
  const lines = renderVerify({ ...failed, status: 'PASSED', findings: [], scope }, plain);
  expect(lines.join(' ')).toContain('sample: 14 of 136 files (10%), seed 42; this does not count as verified');
});

test('a verification of a part says how much it read, and that it does not count', () => {
  const scope = { mode: 'selection' as const, only: ['leveldb', 'a.json'], filesChecked: 14 };
  const lines = renderVerify({ ...failed, status: 'PASSED', findings: [], scope }, plain);
  expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain(
    '--only leveldb, a.json: 14 files read; of the others, only structure and sizes; this does not count as verified',
  );
});

test('a restore with nothing to do says so', () => {
  expect(renderRestore(planned, plain)).toEqual([`  unchanged  /p already has what ${id} holds`, '  Nothing to do.']);
});

test('what a restore leaves where it is, is named in the plan and in the end', () => {
  const keptExtras = Array.from({ length: 12 }, (_, n) => `data/${n}.json`);
  const plan = {
    hash: 'h',
    backupId: id,
    target: '/p',
    nothingToDo: false,
    categories: {},
    changes: [],
    untouched: [],
    keptExtras,
    needs: { bytes: 0, inodes: 0 },
    findings: [],
    notLookedAt: [],
  };
  for (const outcome of ['planned', 'restored', 'unchanged'] as const) {
    const said = renderRestore({ ...planned, outcome, plan }, plain)
      .join(' ')
      .replaceAll(/\s+/g, ' ');
    expect(said).toMatch(/ stays: data\/0.json, .*data\/9.json, and 2 more \(--json names them\) /);
    expect(said).toContain('The backup does not have what stays; --exact removes it.');
  }
});

test('an empty repository points to create, an unfinished restore to recover', () => {
  const report = {
    ...head,
    operation: 'list' as const,
    root: '/p',
    repository: '/p/backups',
    project: 'p',
    backups: [],
    ofOthers: 0,
    findings: [],
  };
  expect(renderList({ ...report, unfinishedTransaction: false }, plain).at(-1)).toContain('migbackup create');
  expect(renderList({ ...report, unfinishedTransaction: true }, plain).at(-1)).toContain('migbackup recover');
});

test('a plan names the line that does what it shows, and a restore counts what it removed', () => {
  const none = { files: 0, bytes: 0 };
  const docs = { add: none, replace: none, remove: { files: 2, bytes: 9 }, unchanged: none, kept: 0 };
  const needs = { bytes: 0, inodes: 0 };
  const plan = { hash: 'ff', backupId: id, target: '/p', nothingToDo: false, categories: { docs }, changes: [] };
  const report = {
    ...planned,
    plan: { ...plan, untouched: [], keptExtras: [], needs, findings: [], notLookedAt: [], olderThatDiffer: [] },
  };
  const line = `migbackup restore ${id} --exact`;
  expect(renderRestore({ ...report, outcome: 'planned' }, plain, line).at(-1)).toBe(`  Next: ${line}`);
  expect(renderRestore({ ...report, outcome: 'restored' }, plain)).toContain(
    '  removed  2 files that the backup does not have',
  );
});

test.each([
  [{ mode: 'full' as const }, null],
  [{ mode: 'sample' as const, samplePercent: 10, seed: '42' }, 'sample: 14 of 136 files (10%), seed 42'],
  [{ mode: 'quick' as const }, 'quick: structure and sizes only, no content was read'],
])('verify --all says of each backup what was read of it: %j', (scope, says) => {
  const one: VerifyReport = { ...failed, status: 'PASSED', findings: [], scope: { ...scope, filesChecked: 14 } };
  const all = { ...head, operation: 'verify-all' as const, status: 'PASSED' as const, reports: [one], ofOthers: 0 };
  const text = renderVerifyAll(all, plain).join('\n').replaceAll(/\s+/g, ' ');
  const note = says === null ? '' : ` ${says}; this does not count as verified`;
  expect(text).toBe(` PASSED ${id} 136 files, 2.0 MiB, 0.14 s${note} PASSED 1 backup looked at`);
});

test('verify --all --rehearse says what was opened', () => {
  const scope = { mode: 'full' as const, filesChecked: 136, rehearsed: { databases: 1, records: 8, jsonFiles: 21 } };
  const one: VerifyReport = { ...failed, status: 'PASSED', findings: [], scope };
  const all = { ...head, operation: 'verify-all' as const, status: 'PASSED' as const, reports: [one], ofOthers: 0 };
  const text = renderVerifyAll(all, plain).join('\n').replaceAll(/\s+/g, ' ');
  expect(text).toContain(
    'rehearsed: all unpacked, 1 database opened (8 records), 21 JSON files parsed PASSED 1 backup',
  );
});
