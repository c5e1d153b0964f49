import { LEVELDB } from '../../src/core/databases/leveldb/engine.ts';
import { expect, test } from 'vitest';
import { memberBytes } from '../../src/core/format/member-header.ts';
import type { ScannedEntry } from '../../src/core/model/entry.ts';
import { entriesOf } from '../../src/core/capture/entry-batch.ts';
import { BatchPlanner } from '../../src/core/capture/batch-planner.ts';
import type { ScanItem } from '../../src/core/scan/scan-item.ts';

import { makeSource } from '../support/source.ts';

const FACTS = { category: 'state', source: 'main', size: 0, mode: 0o755, mtimeNs: 0n, uid: 1000, gid: 100 } as const;

function item(entry: Partial<ScannedEntry> & Pick<ScannedEntry, 'path' | 'type'>, state?: object): ScanItem {
  const full: ScannedEntry = { ...FACTS, ...entry };
  const seen = { inode: 2 ** 52 + 1, size: full.size, mtimeMs: 1_763_855_999_123.25, ctimeMs: 0.25 };
  return {
    kind: 'entry',
    path: full.path,
    entry: full,
    ...(state === undefined ? {} : { state: { ...seen, ...state } }),
  };
}

const SAMPLE: readonly ScanItem[] = [
  item({ path: 'a', type: 'dir' }),
  item({ path: 'a/b', type: 'dir', mode: 0o700 }),
  item({ path: 'a/b/one.json', type: 'file', size: 2 ** 40, mtimeNs: -1n }, {}),
  item({ path: 'a/b/two', type: 'file', size: 1, mtimeNs: 9_223_372_036_854_775_807n, uid: 4_294_967_295 }),
  { kind: 'database', path: 'a/db', source: makeSource({ path: 'a' }), place: '/x/a/db', engine: LEVELDB, others: [] },
  item({ path: 'a/é😀', type: 'symlink', target: '../b/😀' }),
  item({ path: 'z', type: 'file', source: 'other', category: 'more' }, { inode: 7 }),
];

function itemsOf(planner: BatchPlanner): ScanItem[] {
  return planner.parts().flatMap((part) => (part.kind === 'item' ? [part.item] : [...entriesOf(part.batch)]));
}

test('gives back exactly what was added, in its order, as often as it is asked', () => {
  const planner = new BatchPlanner();
  for (const one of SAMPLE) planner.add(one);
  expect(itemsOf(planner)).toEqual(SAMPLE);
  expect(itemsOf(planner)).toEqual(SAMPLE);
  expect(itemsOf(new BatchPlanner())).toEqual([]);
});

test('what another thread may not pack stands by itself: a database, a big file, one that is too young, and what wants care', () => {
  const planner = new BatchPlanner(({ path }) => path === 'a/b/key');
  const small = item({ path: 'a/b/key', type: 'file', size: 1 }, {});
  const plain = item({ path: 'a/b/plain', type: 'file', size: 256 << 10 }, {});
  for (const one of [...SAMPLE, small, plain]) planner.add(one);
  const alone = planner.parts().flatMap((part) => (part.kind === 'item' ? [part.item.path] : []));
  expect(alone).toEqual(['a/b/one.json', 'a/b/two', 'a/db', 'a/b/key']);
});

test('a batch is about a piece of an archive and says what its members take', () => {
  const planner = new BatchPlanner();
  const items = Array.from({ length: 5000 }, (_, at) => item({ path: `f/${at}`, type: 'file', size: at }, {}));
  for (const one of items) planner.add(one);
  const sizes = planner.parts().map((part) => (part.kind === 'batch' ? part.batch.tarBytes : -1));
  const total = items.reduce((sum, one) => sum + (one.kind === 'entry' ? memberBytes(one.entry) : 0), 0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(total);
  expect(sizes.slice(0, -1).every((size) => size >= 1 << 20 && size < (1 << 20) + (6 << 10))).toBe(true);
  expect(itemsOf(planner)).toEqual(items);
});

test('goes on from batch to batch, with the longest paths and targets there are', () => {
  const folder = Array.from({ length: 16 }, (_, at) => String(at % 10).repeat(240)).join('/');
  const items = Array.from({ length: 200 }, (_, at) =>
    at % 3 === 0
      ? item({ path: `${folder}/l${at}`, type: 'symlink', target: 't'.repeat(4095) })
      : item({ path: at % 3 === 1 ? `short/${at}` : `${folder}/${at}`, type: 'file', size: at }, {}),
  );
  const planner = new BatchPlanner();
  for (const one of items) planner.add(one);
  expect(itemsOf(planner)).toEqual(items);
});

test('a batch may hold files of more sources than a byte counts', () => {
  const planner = new BatchPlanner();
  const items = Array.from({ length: 300 }, (_, at) => item({ path: `s${at}/f`, type: 'file', source: `s${at}` }, {}));
  for (const one of items) planner.add(one);
  expect(itemsOf(planner)).toEqual(items);
});
