import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MemberSink } from '../../src/core/format/member-sink.ts';
import type { Entry } from '../../src/core/model/entry.ts';
import { verifyWhileStaging } from '../../src/core/extract/verify-for-restore.ts';
import { readManifest } from '../../src/core/format/manifest-file.ts';
import { flipBit } from '../support/flip-bit.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { rewriteIndex } from '../support/rewrite-backup.ts';

let backup: RealBackup;
beforeAll(async () => void (backup = await makeRealBackup()));
afterAll(() => backup[Symbol.dispose]());

interface Staged {
  readonly begun: string[];
  readonly good: string[];
  readonly error: unknown;
}

/** Stages a backup's folder into nothing but a list of what was let through. */
async function stage(folder: string, only: readonly string[] = [], allowUnsafeLinks = true): Promise<Staged> {
  const begun: string[] = [];
  const good: string[] = [];
  const sink: MemberSink = {
    begin: (entry) => void begun.push(entry.path),
    data() {},
    end: (entry, isGood) => void (isGood && good.push(entry.path)),
  };
  const selected = { id: backup.id, folder, dispose() {} };
  try {
    await verifyWhileStaging(selected, readManifest(folder), { only, allowUnsafeLinks }, sink, () => {}, context);
    return { begun, good, error: null };
  } catch (error) {
    return { begun, good, error };
  }
}

const categoryOf = async (folder: string): Promise<Map<string, string>> => {
  const categories = new Map<string, string>();
  await rewriteIndex(folder, (entries) => {
    for (const { path: at, category } of entries) categories.set(at, category);
    return entries;
  });
  return categories;
};

test('of a good backup everything passes, and with --only what is selected', async () => {
  const all = await stage(backup.folder);
  expect(all.error).toBeNull();
  expect(all.good).toHaveLength(readManifest(backup.folder).index.entries);
  const some = await stage(backup.folder, ['leveldb']);
  expect(some.error).toBeNull();
  expect(some.good.length).toBeGreaterThan(0);
  expect(some.good.every((at) => at === 'leveldb' || at.startsWith('leveldb/'))).toBe(true);
});

test('after the first error nothing more is written, but by a restore of what it is not about', async () => {
  const folder = backup.copy();
  const categories = await categoryOf(folder);
  const [first = '', ...others] = Object.entries(readManifest(folder).categories)
    .filter(([, category]) => category.archive !== undefined)
    .map(([name]) => name);
  expect(others.length).toBeGreaterThan(0);
  flipBit(path.join(folder, readManifest(folder).categories[first]?.archive?.file ?? ''), 40);
  const all = await stage(folder);
  expect(all.error).toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(all.good).toEqual([]);
  const whole = await stage(folder, [others[0] ?? '']);
  expect(whole.error).toBeNull();
  expect(whole.good.every((at) => categories.get(at) === others[0])).toBe(true);
  const broken = await stage(folder, [first]);
  expect(broken.error).toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(broken.good).toEqual([]);
});

test('an unsafe path never reaches the writer, nor does anything after it', async () => {
  const folder = backup.copy();
  await rewriteIndex(folder, (entries) =>
    entries.map((entry): Entry => (entry.path === 'package.json' ? { ...entry, path: '../package.json' } : entry)),
  );
  const { begun, error } = await stage(folder);
  expect(error).toMatchObject({ code: 'BACKUP_DAMAGED' });
  expect(begun).not.toContain('../package.json');
});

test('a link that leads out is not made, not even for the time of the verification', async () => {
  const folder = backup.copy();
  const link = [...(await categoryOf(folder)).keys()].find((at) =>
    fs.lstatSync(path.join(backup.root, at)).isSymbolicLink(),
  );
  expect(link).toBeDefined();
  await rewriteIndex(folder, (entries) =>
    entries.map((entry): Entry => (entry.path === link ? { ...entry, target: '/etc' } : entry)),
  );
  const { begun, error } = await stage(folder, [], false);
  expect(error).not.toBeNull();
  expect(begun).not.toContain(link);
});
