import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { takeSteadyInventory } from '../../src/core/capture/steady-inventory.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import type { ScanItem, ScanProblem } from '../../src/core/scan/scan-item.ts';
import { put, putAll } from '../support/files.ts';
import { makeCategories, makeProject } from '../support/source.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { withFault } from '../transaction/support/faults.ts';

const PATIENCE_MS = 100;

/** Takes the inventory of a folder; `meanwhile` is called for each thing that a walk finds. */
async function inventoryOf(root: string, meanwhile: (item: ScanItem, walk: number) => void, sources = ['state']) {
  const categories = makeCategories({ state: sources.map((source) => ({ path: source })) });
  const problems: ScanProblem[] = [];
  let found: string[] = [];
  let walks = 0;
  const newWalk = () => {
    const walk = ++walks;
    const mine: string[] = [];
    found = mine;
    return {
      ownership: new Ownership(categories),
      onProblem: (problem: ScanProblem): void => void problems.push(problem),
      onItem: (_category: string, item: ScanItem): void => {
        mine.push(item.path);
        meanwhile(item, walk);
      },
    };
  };
  await takeSteadyInventory(
    makeProject(root, categories),
    categories,
    newWalk,
    { tool: { name: 'test', version: '0', runtime: 'node' } },
    PATIENCE_MS,
  );
  return { found, walks, problems: problems.map(({ code, path: where }) => `${code} ${where}`) };
}

const move = (root: string, from: string, to: string): void =>
  fs.renameSync(path.join(root, from), path.join(root, to));

test('a file that moves into a folder that has been listed is found there', async () => {
  using folder = tempFolder();
  const root = folder.path;
  putAll(root, ['state/a/first', 'state/b/moving']);
  const result = await inventoryOf(root, (item, walk) => {
    if (item.path === 'state/a/first' && fs.existsSync(path.join(root, 'state/b/moving')))
      move(root, 'state/b/moving', 'state/a/moving');
    expect(walk).toBeLessThan(10);
  });
  expect(result.found).toEqual(['state', 'state/a', 'state/a/first', 'state/a/moving', 'state/b']);
  expect(result.problems).toEqual([]);
});

test('a source whose folder is away for a moment is found', async () => {
  using folder = tempFolder();
  const root = folder.path;
  putAll(root, ['first/file', 'state/file']);
  let moves = 0;
  const result = await inventoryOf(
    root,
    ({ path: where }) => {
      if (moves === 0 && where === 'first') move(root, 'state', 'elsewhere');
      if (moves === 1 && where === 'first/file') move(root, 'elsewhere', 'state');
      moves++;
    },
    ['first', 'state'],
  );
  expect(result.found).toEqual(['first', 'first/file', 'state', 'state/file']);
  expect(result.problems).toEqual([]);
});

test('a file beside a database that moves is found, and the engine’s own files may come and go', async () => {
  using folder = tempFolder();
  const root = folder.path;
  putAll(root, ['state/a/first', 'state/db/CURRENT', 'state/db/MANIFEST-000004', 'state/db/moving']);
  let tables = 4;
  const result = await inventoryOf(root, (item) => {
    put(root, `state/db/00000${++tables % 10}.ldb`);
    if (item.path === 'state/a/first' && fs.existsSync(path.join(root, 'state/db/moving')))
      move(root, 'state/db/moving', 'state/a/moving');
  });
  expect(result.found).toEqual(['state', 'state/a', 'state/a/first', 'state/a/moving', 'state/db']);
  expect(result.problems).toEqual([]);
});

test('a folder that changes in every walk is taken as it was at one moment', async () => {
  using folder = tempFolder();
  const root = folder.path;
  putAll(root, ['state/a/first', 'state/b/file']);
  let number = 0;
  const result = await inventoryOf(root, (item) => {
    if (item.path === 'state/a/first') fs.rmSync(path.join(root, 'state/b'), { recursive: true });
    if (item.path === 'state/a/first') put(root, `state/b/${number++}/file`);
  });
  expect(result.problems).toEqual([]);
  expect(result.found.filter((each) => each.startsWith('state/b/'))).toEqual([
    `state/b/${number - 2}`,
    `state/b/${number - 2}/file`,
  ]);
});

test('a folder that changes whenever it is looked at is named in the end', async () => {
  using folder = tempFolder();
  const root = folder.path;
  putAll(root, ['state/a/first', 'state/b/file']);
  let number = 0;
  const hook = (name: string, [file]: readonly unknown[]): boolean => {
    if (name === 'lstatSync' && file === path.join(root, 'state/b')) fs.mkdirSync(`${root}/state/b/${number++}`);
    return false;
  };
  const { value } = await withFault(null, () => inventoryOf(root, () => {}), hook);
  expect(value?.problems).toEqual(['SOURCE_CHANGED state/b']);
});

test('a folder that changes more than once while the walk is elsewhere needs no second walk of the rest to be still', async () => {
  using folder = tempFolder();
  const root = folder.path;
  putAll(root, ['state/a/first', 'state/b/file']);
  let number = 0;
  const result = await inventoryOf(root, (item) => {
    if (item.path === 'state/a/first') put(root, `state/b/file${number++}`);
  });
  expect(result.problems).toEqual([]);
  expect(result.found).toContain('state/b/file');
});

test('a file that moves out of a folder that was listed before the walk is not missed in the one where it was', async () => {
  using folder = tempFolder();
  const root = folder.path;
  putAll(root, ['state/a/first', 'state/b/moving']);
  const a = path.join(root, 'state/a');
  const [inA, inB] = [path.join(a, 'moving'), path.join(root, 'state/b/moving')];
  let walk = 1;
  let looks = 0;
  const hook = (name: string, [file]: readonly unknown[]): boolean => {
    if (name !== 'lstatSync' || file !== a) return false;
    looks++;
    // The first look of those that are taken together, before the second walk: it is in b then.
    if (walk === 1 && looks === 3) fs.renameSync(inA, inB);
    return false;
  };
  const work = () =>
    inventoryOf(root, (item, nth) => {
      walk = nth;
      // After a has been listed, and before b is looked at: a alone is seen to have changed.
      if (nth === 1 && item.path === 'state/a/first') fs.renameSync(inB, inA);
      if (nth === 2 && item.path === 'state/a/first') fs.renameSync(inB, inA);
    });
  const { value } = await withFault(null, work, hook);
  expect(value?.problems).toEqual([]);
  expect(value?.found.filter((each) => each.endsWith('moving'))).toHaveLength(1);
});
