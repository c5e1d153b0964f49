import fs from 'node:fs';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { expect, test } from 'vitest';
import { whoHolds } from '../../../src/core/sources/leveldb/holder.ts';
import { tempFolder } from '../../support/temp-folder.ts';

test('tells a held database from a free one and changes nothing', async () => {
  using folder = tempFolder();
  const dir = path.join(folder.path, 'db');
  const db = new ClassicLevel(dir);
  await db.open();
  expect(await whoHolds(dir)).toMatchObject({ held: 'yes' });
  await db.close();
  const lock = path.join(dir, 'LOCK');
  const before = fs.statSync(lock, { bigint: true });
  expect(await whoHolds(dir)).toMatchObject({ held: 'no' });
  expect(fs.statSync(lock, { bigint: true }).ctimeNs).toBe(before.ctimeNs);
  fs.rmSync(lock);
  expect(await whoHolds(dir)).toMatchObject({ held: 'no' });
  expect(fs.existsSync(lock)).toBe(false);
});
