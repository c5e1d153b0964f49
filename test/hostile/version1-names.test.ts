import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { restoreTo } from '../../src/core/operations/restore.ts';
import { select } from '../../src/core/import-v1/open-backup.ts';
import { inspectVersion1 } from '../../src/core/import-v1/inspect.ts';
import { IN_SUITE } from '../support/effort.ts';
import { put } from '../support/files.ts';
import { context } from '../support/real-backup.ts';
import { resumVersion1 } from '../support/version1-backup.ts';
import { refusal } from './support/refusal.ts';
import { Version1Ground } from './support/version1-judge.ts';

/** Every command is run on two backups each time. */
vi.setConfig({ testTimeout: 120_000 });

let ground: Version1Ground;
beforeEach(async () => {
  ground = await Version1Ground.make();
});
afterEach(() => ground[Symbol.dispose]());

const posix = (name: string, run: () => unknown): void =>
  test.skipIf(process.platform === 'win32')(`${name} (not on Windows)`, run);
const MANIFEST = 'BACKUP_MANIFEST.json';

function plant(files: Readonly<Record<string, string>>): void {
  for (const file of Object.keys(files)) put(ground.folder, file);
  resumVersion1(ground.folder);
}

posix('odd names that are allowed come back as they are, and are printed escaped', async () => {
  const places = {
    'docs/main/[a]*{b}?.md': 'docs/[a]*{b}?.md',
    'docs/[r]*{t}.md': '[r]*{t}.md',
    'configs/***a***.json': '***a***.json',
    [`docs/main/${'x'.repeat(255)}`]: `docs/${'x'.repeat(255)}`,
    'docs/main/HOW.md': 'docs/HOW.md',
    'docs/main/\u202egnp.exe': 'docs/\u202egnp.exe',
    "scripts/a 'b' $(c).ts": "scripts/a 'b' $(c).ts",
    'scripts/__proto__': 'scripts/__proto__',
  };
  plant(places);
  const { verified, notCopied } = await ground.judge({ extra: Object.values(places) });
  expect([verified?.status, notCopied]).toEqual(['WARNING', null]);
});

posix('names that are never restored: FAILED, each by name', async () => {
  const files = [
    'docs/.git/hooks/post-checkout',
    'docs/main/sub/.GIT/config',
    'configs/.npmrc',
    'configs/.migbackup/txn/plan.json',
    'configs/node_modules/x/index.js',
    'scripts/node_modules/x/index.js',
    'scripts/\u001b]0;x\u0007',
    'scripts/\u009b2J',
    'scripts/back\\slash',
    `scripts/${'d/'.repeat(70)}deep`,
  ];
  plant(Object.fromEntries(files.map((file) => [file, ''])));
  const { verified } = await ground.judge();
  const errors = verified?.findings.filter(({ severity }) => severity === 'error') ?? [];
  const affected = errors.flatMap(({ affects = [] }) => affects);
  for (const file of files.slice(0, -1)) expect(affected).toContain(file);
  expect(verified?.status).toBe('FAILED');
});

posix('a name that is not UTF-8: an error, in other letters', () => {
  writeFileSync(Buffer.concat([Buffer.from(`${ground.inside('docs')}/`), Buffer.from([0xff, 0xfe])]), 'x');
  const { findings } = inspectVersion1(ground.folder);
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'file-unusable', severity: 'error', affects: [String.raw`docs/\xff\xfe`] }),
  );
});

test('a place in the repository is refused in place', async () => {
  plant({ 'docs/backups/reports/operations.ndjson': '' });
  const { verified, notCopied, notRestored } = await ground.judge();
  expect([verified?.status, notCopied]).toEqual(['WARNING', null]);
  expect(notRestored).toBe('UNSAFE_ARCHIVE');
});

test('a file where another folder has a folder: said, and neither a bug nor half a restore', async () => {
  plant({ 'configs/README.md/x': '', 'docs/leveldb': '', 'docs/docs/how.md/x': '' });
  const { verified } = await ground.judge();
  expect(verified?.status).toBe('FAILED');
});

test('a file that would come back into the source of another folder counts for that source', async () => {
  plant({ 'docs/scripts/evil.ts': '', 'legacy-json/unified/evil.json': '' });
  for (const file of ['docs/scripts/evil.ts', 'legacy-json/unified/evil.json'])
    appendFileSync(ground.inside(file), 'altered');
  const selected = await select(ground.project, undefined, ground.root, context);
  for (const only of ['scripts', 'unified-json/unified'])
    expect(
      await refusal(restoreTo(selected, { only: [only], allowUnsafeLinks: false, to: ground.copy }, context)),
      only,
    ).toMatchObject({ code: 'BACKUP_DAMAGED' });
  selected.dispose();
});

const good = (): Record<string, unknown> => JSON.parse(readFileSync(ground.inside(MANIFEST), 'utf8'));
const deep = (key: string): string => `{"version":"1.0.0","${key}":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;

/** Texts of a manifest; none is believed, none is a bug, none keeps the bytes from coming back. */
const MANIFESTS: Readonly<Record<string, () => string | Buffer>> = {
  'of 20 MB': () => JSON.stringify({ ...good(), note: 'x'.repeat(20 << 20) }),
  'with an id of 500 kB': () => JSON.stringify({ ...good(), backupId: 'x'.repeat(500_000) }),
  'with an id that is nested deep': () => deep('backupId'),
  'with totals that are nested deep': () => deep('totalFiles'),
  'with categories that are nested deep': () => deep('categories'),
  'with keys twice': () => '{"version":"1.0.0","version":"9","totalFiles":1,"totalFiles":2}',
  'with __proto__': () =>
    '{"__proto__":{"polluted":1},"categories":{"__proto__":{"files":1},"constructor":{"files":2}}}',
  'that is not UTF-8': () => Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  'with its version as a number': () => JSON.stringify({ ...good(), version: 1 }),
  'without a version': () => JSON.stringify({ ...good(), version: undefined }),
  'with an id that climbs': () => JSON.stringify({ ...good(), backupId: '../../outside' }),
  'with terminal commands': () =>
    JSON.stringify({ ...good(), backupId: '\u001b[2J\u202e', categories: { '\u009bx': {} } }),
  'with the id of another': () => JSON.stringify({ ...good(), backupId: 'migration-2020-01-01T00-00-00-000Z' }),
  'with categories as a list': () => JSON.stringify({ ...good(), categories: ['docs', null] }),
  'with categories as text': () => JSON.stringify({ ...good(), categories: 'docs' }),
  'with categories of nothing': () =>
    JSON.stringify({ ...good(), categories: { docs: null, configs: 5, scripts: [] } }),
  'with totals below nothing': () => JSON.stringify({ ...good(), totalFiles: -1, totalSize: 1e308 }),
  'with a time that is none': () => JSON.stringify({ ...good(), timestamp: '+275760-09-13T00:00:00.001Z' }),
  'with a time beyond all years': () => JSON.stringify({ ...good(), timestamp: '+275760-09-13T00:00:00.000Z' }),
  'with a time before all years': () => JSON.stringify({ ...good(), timestamp: '-271821-04-20T00:00:00.000Z' }),
};

test.each(Object.entries(MANIFESTS))('a manifest %s is looked at and not believed', async (_, text) => {
  writeFileSync(ground.inside(MANIFEST), text());
  const { status, findings } = await ground.look();
  expect(status).toBe('readable');
  const said = findings.filter(({ code }) => code === 'manifest-contradicts');
  expect(said.length).toBeGreaterThan(0);
  expect(Math.max(...said.map((finding) => JSON.stringify(finding).length))).toBeLessThan(4000);
});

test.each(IN_SUITE ? Object.keys(MANIFESTS) : ['with an id that is nested deep'])(
  'with a manifest %s the bytes come back',
  async (name) => {
    writeFileSync(ground.inside(MANIFEST), MANIFESTS[name]?.() ?? '');
    expect(await ground.judge()).toMatchObject({ verified: { status: 'WARNING' }, notCopied: null, notRestored: null });
  },
);

test.each(IN_SUITE ? ['INDEX.ndjson.zst', 'checksums/ARTIFACTS.sha256', 'formatVersion'] : ['INDEX.ndjson.zst'])(
  'one that has %s of version 2 as well is neither: nothing comes back',
  async (part) => {
    if (part === 'formatVersion')
      writeFileSync(ground.inside(MANIFEST), JSON.stringify({ ...good(), formatVersion: 2 }));
    else put(ground.folder, part);
    const { verified, notRestored } = await ground.judge({ selector: ground.folder });
    expect([verified?.status, notRestored]).toEqual(['FAILED', 'BACKUP_DAMAGED']);
  },
);
