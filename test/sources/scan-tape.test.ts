import { expect, test } from 'vitest';
import type { ScannedEntry } from '../../src/core/model/entry.ts';
import type { ScanItem } from '../../src/core/sources/scan-item.ts';
import { ScanTape } from '../../src/core/sources/scan-tape.ts';
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
  { kind: 'store', path: 'a/db', source: makeSource({ path: 'a' }), dir: '/x/a/db', engine: 'leveldb', others: [] },
  item({ path: 'a/é😀', type: 'symlink', target: '../b/😀' }),
  item({ path: 'z', type: 'file', source: 'other', category: 'more' }, { inode: 7 }),
];

test('gives back exactly what was added, in its order, as often as it is asked', () => {
  const tape = new ScanTape();
  for (const one of SAMPLE) tape.add(one);
  expect([...tape.items()]).toEqual(SAMPLE);
  expect([...tape.items()]).toEqual(SAMPLE);
  expect([...new ScanTape().items()]).toEqual([]);
});

test('goes on from chunk to chunk, with the longest paths and targets there are', () => {
  const folder = Array.from({ length: 16 }, (_, at) => String(at % 10).repeat(240)).join('/');
  const items = Array.from({ length: 200 }, (_, at) =>
    at % 3 === 0
      ? item({ path: `${folder}/l${at}`, type: 'symlink', target: 't'.repeat(4095) })
      : item({ path: at % 3 === 1 ? `short/${at}` : `${folder}/${at}`, type: 'file', size: at }, {}),
  );
  const tape = new ScanTape();
  for (const one of items) tape.add(one);
  expect([...tape.items()]).toEqual(items);
});
