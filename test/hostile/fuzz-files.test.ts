import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readIndex, IndexWriter } from '../../src/core/format/index-file.ts';
import { encodeIndexLine } from '../../src/core/format/index-line.ts';
import { readArtifactSums } from '../../src/core/checks/artifact-sums.ts';
import { pathProblem } from '../../src/core/paths/paths.ts';
import { resolveProject } from '../../src/core/config/project.ts';
import type { OperationRecord } from '../../src/core/model/operation-record.ts';
import { operationsIn } from '../../src/core/history/operation-log.ts';
import { allReversible } from '../../src/core/history/pending-operations.ts';
import { undoTargets } from '../../src/core/history/undo-steps.ts';
import { inspectVersion1 } from '../../src/core/import-v1/inspect.ts';
import { manifestContradictions } from '../../src/core/import-v1/manifest-contradicts.ts';
import { readManifest } from '../../src/core/format/manifest-file.ts';
import { logOperation } from '../../src/core/repository/reports.ts';
import { readSums } from '../../src/core/format/sums.ts';
import { isVersion1, version1Listed, version1Time } from '../../src/core/format/version1.ts';
import { readJournal, writeJournal } from '../../src/core/transaction/journal.ts';
import type { JournalInput } from '../../src/core/transaction/journal-schema.ts';
import { put } from '../support/files.ts';
import { makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { makeVersion1Backup } from '../support/version1-backup.ts';
import { answers, answersLater, cases, noise, TIMEOUT_MS, watch } from './support/fuzz.ts';
import { damage } from './support/mutate.ts';

const tick = watch();
const temp = tempFolder();
const own = (...parts: string[]): string => path.join(temp.path, ...parts);
let backup: RealBackup;
beforeAll(async () => {
  backup = await makeRealBackup();
});
afterAll(() => {
  backup[Symbol.dispose]();
  temp[Symbol.dispose]();
});

const json = fc.oneof(fc.json(), fc.json({ stringUnit: 'binary' }), fc.constantFrom('null', '[]', '{}', '1e999', '"'));
/** A file that is damaged, some JSON, or noise. */
const instead = (good: () => Buffer): fc.Arbitrary<Buffer> =>
  fc
    .oneof({ weight: 3, arbitrary: damage }, json, noise)
    .map((by) => (typeof by === 'function' ? by(good()) : Buffer.from(by)));

test('manifest: damaged, or any JSON', { timeout: TIMEOUT_MS }, () => {
  const good = readFileSync(path.join(backup.folder, 'BACKUP_MANIFEST.json'));
  fc.assert(
    fc.property(
      instead(() => good),
      (bytes) => {
        tick();
        put(own('manifest'), 'BACKUP_MANIFEST.json', bytes);
        answers(() => readManifest(own('manifest')));
      },
    ),
    cases(60, 10_000),
  );
});

test('index: its file damaged, or its lines', { timeout: TIMEOUT_MS }, async () => {
  const good = readFileSync(path.join(backup.folder, 'INDEX.ndjson.zst'));
  const lines = own('lines.zst');
  const read = async (file: string): Promise<number> => {
    let count = 0;
    for await (const batch of readIndex(file)) count += batch.length;
    return count;
  };
  const whole = await answersLater(() => read(path.join(backup.folder, 'INDEX.ndjson.zst')));
  expect(whole).toBeGreaterThan(20);
  let text = '';
  for await (const batch of readIndex(path.join(backup.folder, 'INDEX.ndjson.zst')))
    text += batch.map(encodeIndexLine).join('');
  await fc.assert(
    fc.asyncProperty(damage, async (change) => {
      tick();
      put(temp.path, 'index.zst', change(good));
      const count = await answersLater(() => read(own('index.zst')));
      if (count !== null) expect(count).toBe(whole);
      rmSync(lines, { force: true });
      const writer = new IndexWriter(lines);
      writer.addLines(change(Buffer.from(text)), 1);
      await writer.finish();
      await answersLater(() => read(lines));
    }),
    cases(12, 800),
  );
});

test('lists of sums: damaged, or any text', { timeout: TIMEOUT_MS }, () => {
  const manifest = readManifest(backup.folder);
  const good = readFileSync(path.join(backup.folder, 'checksums/SHA256SUMS'));
  const artifacts = readFileSync(path.join(backup.folder, 'checksums/ARTIFACTS.sha256'));
  const names = (file: string): string[] => [...readSums(file)].map((sum) => sum.path);
  fc.assert(
    fc.property(
      instead(() => good),
      damage,
      (bytes, change) => {
        tick();
        put(own('sums'), 'checksums/SHA256SUMS', bytes);
        answers(() => names(own('sums/checksums/SHA256SUMS')));
        put(own('sums'), 'checksums/ARTIFACTS.sha256', change(artifacts));
        answers(() => readArtifactSums(own('sums'), manifest));
      },
    ),
    cases(60, 10_000),
  );
});

const RECORD: OperationRecord = {
  time: '2026-11-23T07:38:00.123Z',
  user: 'a',
  host: 'b',
  ci: null,
  operation: 'restore',
  root: '/project',
  checkout: null,
  place: null,
  backupId: 'migration-2026-11-23T07-38-00-123Z',
  planHash: null,
  safetyId: 'safety-2026-11-23T07-38-00-123Z',
  transactionId: 'restore-1',
  exit: 0,
};

test('operation log: whatever it was, what is appended next is read', { timeout: TIMEOUT_MS }, () => {
  const line = (root: string): string => `${JSON.stringify({ ...RECORD, root })}\n`;
  const good = Buffer.from(['/a', '/project', '/b'].map(line).join(''));
  const next = { ...RECORD, safetyId: null, exit: 1 };
  fc.assert(
    fc.property(
      fc.oneof(
        instead(() => good),
        fc.array(json).map((list) => Buffer.from(list.join('\n'))),
      ),
      (bytes) => {
        tick();
        put(own('repository'), 'reports/operations.ndjson', bytes);
        answers(() => [operationsIn(own('repository')), undoTargets(own('repository'))]);
        logOperation(own('repository'), next);
        expect(operationsIn(own('repository')).at(-1)).toEqual(next);
        const { config } = backup.project;
        const project = { root: '/project', repository: own('repository'), config };
        expect(allReversible(project).at(-1)).toEqual(next);
      },
    ),
    cases(20, 1000),
  );
});

const unit = { old: { type: 'file', ino: '1', size: '2', mtimeNs: '3' }, hasNew: true, tree: false } as const;
const JOURNAL: JournalInput = {
  version: 1,
  id: 'restore-1',
  backupId: RECORD.backupId,
  operation: 'restore',
  planHash: null,
  startedAt: RECORD.time,
  units: ['deployments/mainnet.json', 'docs/a.md'].map((name, n) => ({ n, path: name, ...unit })),
  meta: [{ path: 'docs', oldMode: 0o755, newMode: 0o700, oldMtimeNs: '1', newMtimeNs: '2' }],
};

test('journal: read as it was written, or not trusted', { timeout: TIMEOUT_MS }, () => {
  const root = own('project');
  mkdirSync(path.join(root, '.migbackup/txn'), { recursive: true });
  const plan = path.join(root, '.migbackup/txn/plan.json');
  writeJournal(root, JOURNAL);
  const good = readFileSync(plan);
  const truth = readJournal(root);
  expect(truth).toMatchObject(JOURNAL);
  const { body }: { body: string } = JSON.parse(good.toString());
  fc.assert(
    fc.property(
      instead(() => good),
      instead(() => Buffer.from(body)),
      (bytes, inside) => {
        tick();
        writeFileSync(plan, bytes);
        const read = answers(() => readJournal(root));
        if (read !== null) expect(read).toEqual(truth);
        // The same with a checksum that fits: then the schema is what stands in the way.
        const text = inside.toString();
        const sha256 = createHash('sha256').update(text).digest('hex');
        writeFileSync(plan, JSON.stringify({ sha256, body: text }));
        const forged = answers(() => readJournal(root));
        for (const { path: name } of forged?.units ?? []) expect(pathProblem(name)).toBeNull();
      },
    ),
    cases(60, 10_000),
  );
});

test('version 1: its manifest and its list of sums, damaged, or anything', { timeout: TIMEOUT_MS }, () => {
  const folder = makeVersion1Backup(own('old'), path.join(backup.root, 'leveldb'));
  const manifest = readFileSync(path.join(folder, 'BACKUP_MANIFEST.json'));
  const sums = readFileSync(path.join(folder, 'checksums/SHA256SUMS'));
  const whole = inspectVersion1(folder);
  expect(whole.findings.every(({ severity }) => severity === 'info')).toBe(true);
  fc.assert(
    fc.property(
      instead(() => manifest),
      instead(() => sums),
      (newManifest, newSums) => {
        tick();
        put(folder, 'BACKUP_MANIFEST.json', newManifest);
        put(folder, 'checksums/SHA256SUMS', newSums);
        answers(() => [isVersion1(folder), version1Listed(folder), manifestContradictions(folder, new Map())]);
        expect(Number.isNaN(version1Time(folder).getTime())).toBe(false);
        const inspection = answers(() => inspectVersion1(folder));
        const quiet = inspection?.findings.every(({ severity }) => severity === 'info') === true;
        if (quiet) expect(inspection?.copies).toEqual(whole.copies);
      },
    ),
    cases(12, 500),
  );
});

const CONFIG = Buffer.from(`// what we keep
{
  "backups": "backups", "compression": "zstd", "level": 3, "includeSecrets": false, "ignore": ["tmp/**"],
  "categories": {
    "data": { "sources": { "db": { "path": "leveldb", "type": "leveldb" } } },
    "docs": { "sources": { "main": { "path": "docs", "include": ["**/*.md"], "exclude": ["old/*"], "required": true } } },
  },
}
`);

test('config: damaged, or any settings', { timeout: TIMEOUT_MS }, () => {
  const root = own('configured');
  const resolve = () => resolveProject({ cwd: root, root, env: {} });
  put(root, 'migbackup.config.json', CONFIG);
  expect(resolve().config.categories.map(({ name }) => name)).toEqual(['data', 'docs', 'configs']);
  const words = fc.constantFrom('backups', 'level', 'ignore', 'categories', 'sources', 'path', 'type', '__proto__');
  const settings = fc.dictionary(words, fc.anything({ key: words, maxDepth: 4 })).map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(
      fc.oneof(
        instead(() => CONFIG),
        settings.map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        tick();
        put(root, 'migbackup.config.json', bytes);
        const project = answers(resolve);
        for (const { sources } of project?.config.categories ?? [])
          for (const { path: place, external } of sources)
            expect(place === '.' || external || pathProblem(place) === null).toBe(true);
        expect('polluted' in {}).toBe(false);
      },
    ),
    cases(60, 10_000),
  );
});
