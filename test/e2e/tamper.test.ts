import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/core/model/entry.ts';
import { auditBackup } from '../../src/core/audit/audit.ts';
import { restoreTo } from '../../src/core/operations/restore/to.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { rewriteIndex, rewriteManifest } from '../support/rewrite-backup.ts';
import { runCli } from '../support/run-cli.ts';

let backup: RealBackup;
beforeAll(async () => {
  backup = await makeRealBackup();
});
afterAll(() => backup[Symbol.dispose]());

function flip(file: string, at: (size: number) => number): void {
  const bytes = readFileSync(file);
  const place = at(bytes.length);
  bytes[place] = (bytes[place] ?? 0) ^ 0x10;
  writeFileSync(file, bytes);
}

const DAMAGE: Readonly<Record<string, (file: string) => void>> = {
  'first byte flipped': (file) => flip(file, () => 0),
  'middle byte flipped': (file) => flip(file, (size) => Math.floor(size / 2)),
  'last byte flipped': (file) => flip(file, (size) => size - 1),
  'one byte cut': (file) => truncateSync(file, readFileSync(file).length - 1),
  'half cut': (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2)),
  emptied: (file) => truncateSync(file, 0),
  removed: (file) => rmSync(file),
  'one byte added': (file) => writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('x')])),
};

const ARTIFACTS = [
  'BACKUP_MANIFEST.json',
  'INDEX.ndjson.zst',
  'RESTORE_PROCEDURES.md',
  'checksums/ARTIFACTS.sha256',
  'checksums/SHA256SUMS',
  'configs.tar.zst',
  'docs.tar.zst',
  'leveldb.tar.zst',
  'legacy-json.tar.zst',
  'proxies.tar.zst',
  'scripts.tar.zst',
  'unified-json.tar.zst',
];

async function audit(folder: string): Promise<{ status: string; text: string }> {
  const { status, findings } = await auditBackup(folder, backup.id, { mode: 'full' }, context);
  const errors = findings.filter((finding) => finding.severity === 'error');
  return { status, text: errors.map((finding) => `${finding.path}: ${finding.message}`).join('\n') };
}

test('a good backup passes', async () => {
  expect(await audit(backup.copy())).toEqual({ status: 'PASSED', text: '' });
});

describe.each(ARTIFACTS)('%s', (artifact) => {
  test.each(Object.keys(DAMAGE))('%s: FAILED, named, and nothing is restored from it', async (kind) => {
    const folder = backup.copy();
    DAMAGE[kind]?.(path.join(folder, artifact));
    const { status, text } = await audit(folder);
    expect(status).toBe('FAILED');
    expect(text).toContain(path.basename(artifact));
    const to = path.join(path.dirname(folder), 'target');
    const selected = { id: backup.id, folder, dispose() {} };
    await expect(restoreTo(selected, { to, only: [], allowUnsafeLinks: false }, context)).rejects.toMatchObject({
      name: 'BackupError',
    });
    expect(existsSync(to)).toBe(false);
    expect(readdirSync(path.dirname(folder))).toEqual([backup.id]);
  });
});

test('the table of damage covers every artifact that there is', () => {
  const files = readdirSync(backup.folder, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => file !== 'checksums').toSorted()).toEqual(ARTIFACTS.toSorted());
});

test.each(['removed', 'middle byte flipped'])(
  'an artifact %s: each category is restored alone exactly if verify calls it whole',
  async (kind) => {
    for (const artifact of ARTIFACTS) {
      const folder = backup.copy();
      DAMAGE[kind]?.(path.join(folder, artifact));
      const { categories } = await auditBackup(folder, backup.id, { mode: 'full' }, context);
      const selected = { id: backup.id, folder, dispose() {} };
      for (const [name, { status }] of Object.entries(categories)) {
        if (status !== 'whole' && status !== 'damaged') continue;
        const to = path.join(path.dirname(folder), `to-${name}`);
        const restored = restoreTo(selected, { to, only: [name], allowUnsafeLinks: false }, context).then(
          () => 'whole',
          () => 'damaged',
        );
        expect(await restored, `${artifact} ${kind}: ${name}`).toBe(status);
      }
    }
  },
);

test('a backup without its manifest is FAILED by its path and by its id, not "no such backup"', async () => {
  const folder = backup.copy();
  rmSync(path.join(folder, 'BACKUP_MANIFEST.json'));
  const run = await runCli(['verify', folder, '--json'], { cwd: backup.root });
  expect(run.exitCode).toBe(4);
  expect(run.stdout).toContain('BACKUP_MANIFEST.json is missing');
  const byId = await runCli(['verify', backup.id, '--json', '--backups', path.dirname(folder)], { cwd: backup.root });
  expect(byId.exitCode).toBe(4);
});

test('a foreign file is found, by the command too', async () => {
  const folder = backup.copy();
  writeFileSync(path.join(folder, 'evil.txt'), 'x');
  expect((await audit(folder)).text).toContain('evil.txt');
  const run = await runCli(['verify', folder, '--json'], { cwd: backup.root });
  expect(run.exitCode).toBe(4);
  expect(run.stdout).toContain('evil.txt');
});

type Json = Record<string, unknown>;

function at(value: unknown, keys: string): { holder: Json; key: string } {
  const parts = keys.split('.');
  let holder = value;
  for (const part of parts.slice(0, -1)) holder = Object(holder)[part];
  return { holder: Object(holder), key: parts.at(-1) ?? '' };
}

/** Lies that are named by something else than their own key. */
const NAMED_AS: Readonly<Record<string, string>> = {
  backupId: 'says it is migration-2020-01-01T00-00-00-000Z',
  'categories.leveldb.sources.0.name': 'manifest categories.leveldb.sources: ',
  'categories.leveldb.sources.0.databases.0.path': 'deployments',
  'config.compression': 'archive.compression',
};

/** Key in the manifest -> a lie about it. */
const LIES: Readonly<Record<string, unknown>> = {
  kind: 'safety',
  createdAt: '2020-01-01T00:00:00.000Z',
  backupId: 'migration-2020-01-01T00-00-00-000Z',
  'totals.files': 7,
  'totals.bytes': 7,
  'totals.archivedBytes': 7,
  'index.entries': 7,
  'index.sha256': 'a'.repeat(64),
  'checksums.entries': 7,
  'checksums.sha256': 'a'.repeat(64),
  'categories.leveldb.status': 'partial',
  'categories.configs.status': 'empty',
  'categories.leveldb.files': 99,
  'categories.leveldb.directories': 99,
  'categories.docs.symlinks': 99,
  'categories.leveldb.bytes': 99,
  'categories.leveldb.archive.file': 'other.tar.zst',
  'categories.leveldb.archive.size': 99,
  'categories.leveldb.archive.sha256': 'b'.repeat(64),
  'categories.leveldb.archive.tarSize': 1024,
  'categories.leveldb.archive.frames': 99,
  'categories.leveldb.archive.compression': 'none',
  'categories.leveldb.sources.0.name': 'other',
  'categories.leveldb.sources.0.path': 'elsewhere',
  'categories.leveldb.sources.0.type': 'files',
  'categories.leveldb.sources.0.exclusive': false,
  'categories.leveldb.sources.0.external': true,
  'categories.leveldb.sources.0.files': 99,
  'categories.leveldb.sources.0.bytes': 99,
  'categories.leveldb.sources.0.databases.0.records': 99,
  'categories.leveldb.sources.0.databases.0.digest': 'c'.repeat(64),
  'categories.leveldb.sources.0.databases.0.comparator': 'other',
  'categories.leveldb.sources.0.databases.0.lastSequence': 9_999_999,
  'categories.leveldb.sources.0.databases.0.tables': 99,
  'categories.leveldb.sources.0.databases.0.logs': 99,
  'categories.leveldb.sources.0.databases.0.path': 'deployments',
  'config.compression': 'none',
  'categories.leveldb.sources.0.databases': [],
  absent: ['src'],
};

describe('a manifest that lies, with every checksum recomputed', () => {
  test.each(Object.keys(LIES))('%s', async (keys) => {
    const folder = backup.copy();
    rewriteManifest(folder, (manifest) => {
      const { holder, key } = at(manifest, keys);
      expect(holder[key]).not.toEqual(LIES[keys]);
      holder[key] = LIES[keys];
    });
    const { status, text } = await audit(folder);
    expect(status).toBe('FAILED');
    // A list of sources is compared as one; a database is known by its path.
    expect(text).toContain(NAMED_AS[keys] ?? keys.split('.').at(-1));
  });
});

/** What is told about one file of the index (or about two). */
const FALSE_ENTRIES: Readonly<Record<string, (entries: Entry[]) => Entry[]>> = {
  size: change((entry) => ({ ...entry, size: entry.size + 1 })),
  sha256: change((entry) => ({ ...entry, sha256: 'd'.repeat(64) })),
  path: change((entry) => ({ ...entry, path: `${entry.path}x` })),
  mode: change((entry) => ({ ...entry, mode: 0o600 })),
  mtime: change((entry) => ({ ...entry, mtimeNs: entry.mtimeNs + 5_000_000_000n })),
  uid: change((entry) => ({ ...entry, uid: 4242 })),
  gid: change((entry) => ({ ...entry, gid: 4242 })),
  offset: change((entry) => ({ ...entry, offset: entry.offset + 512 })),
  type: change(({ sha256: _hash, ...entry }) => ({ ...entry, type: 'dir', size: 0 })),
  category: change((entry) => ({ ...entry, category: 'docs' })),
  source: change((entry) => ({ ...entry, source: 'schemas' })),
  missing: (entries) => entries.filter((entry) => entry.path !== 'package.json'),
  twice: (entries) => entries.flatMap((entry) => (entry.path === 'package.json' ? [entry, entry] : [entry])),
  order: (entries) => entries.toReversed(),
  'link target': (entries) =>
    entries.map((entry) => (entry.type === 'symlink' ? { ...entry, target: `${entry.target}x` } : entry)),
};

/** What the finding about a lie says, where it is not the name of the fact and its two values. */
const WORDS: Readonly<Record<string, string>> = {
  offset: 'package.json begins at',
  path: 'package.jsonx',
  category: 'index entry package.json',
  source: 'index entry package.json: ',
  missing: 'package.json',
  twice: 'index entry package.json: is in the index twice',
  order: 'is out of order',
  'link target': 'target is',
};

function change(falsify: (entry: Entry) => Entry): (entries: Entry[]) => Entry[] {
  return (entries) => entries.map((entry) => (entry.path === 'package.json' ? falsify(entry) : entry));
}

describe('an index that lies, with every checksum recomputed', () => {
  test.each(Object.keys(FALSE_ENTRIES))('%s', async (kind) => {
    const folder = backup.copy();
    const falsify = FALSE_ENTRIES[kind];
    if (falsify === undefined) throw new Error(`no such lie: ${kind}`);
    await rewriteIndex(folder, falsify);
    const { status, text } = await audit(folder);
    expect(status).toBe('FAILED');
    expect(text).toContain(WORDS[kind] ?? `package.json: ${kind} is`);
  });
});

test('rewriting without a lie changes nothing for verify', async () => {
  const folder = backup.copy();
  await rewriteIndex(folder, (entries) => entries);
  expect(await audit(folder)).toEqual({ status: 'PASSED', text: '' });
});

test.each([['../victim'], ['/etc'], ['a/../../b']])(
  'a safety backup that claims %s was absent is refused',
  async (lie) => {
    const folder = backup.copy();
    rewriteManifest(folder, (manifest) => {
      manifest['absent'] = [lie];
    });
    expect((await audit(folder)).text).toContain(`manifest absent: unsafe path ${lie}`);
  },
);
