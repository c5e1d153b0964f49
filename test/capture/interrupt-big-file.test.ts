/** A file of gigabytes takes as long as a thousand small ones: Ctrl-C, and an error of something else, are not left until its end. */
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readArchive } from '../../src/core/format/archive-reader.ts';
import { PIECE_BYTES } from '../../src/core/format/seek-table.ts';
import { engineOf } from '../../src/core/databases/engines.ts';
import { BackupError } from '../../src/core/model/backup-error.ts';
import type { Compression } from '../../src/core/model/category.ts';
import type { Event } from '../../src/core/model/event.ts';
import { create } from '../../src/core/operations/create.ts';
import { aboutDatabase } from '../../src/core/capture/database-error.ts';
import { context } from '../support/real-backup.ts';
import { fileMember, noise, writeArchive } from '../support/sample-archive.ts';
import { makeCategories, makeProject } from '../support/source.ts';
import { tempFolder } from '../support/temp-folder.ts';

const BIG_BYTES = 512 << 20;

test.each<Compression>(['zstd', 'none'])('create (%s) stops in the middle of a big file', async (compression) => {
  using temp = tempFolder();
  const big = path.join(temp.path, 'state/big.bin');
  mkdirSync(path.dirname(big));
  writeFileSync(big, '');
  truncateSync(big, BIG_BYTES);
  const project = makeProject(temp.path, makeCategories({ state: [{ path: 'state' }] }), { compression });
  const controller = new AbortController();
  let storing = false;
  const filesStored: number[] = [];
  const onEvent = (event: Event): void => {
    if (event.type === 'phase-begin') storing = event.phase === 'storing';
    if (event.type !== 'progress' || !storing) return;
    filesStored.push(event.files);
    controller.abort();
  };
  const created = create(
    project,
    { verify: false, allowPartial: false },
    { ...context, signal: controller.signal, onEvent },
  );
  await expect(created).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(filesStored).toEqual([0]);
  expect(readdirSync(project.repository).filter((name) => /migration|partial/.test(name))).toEqual([]);
});

test.each<Compression>(['zstd', 'none'])(
  'reading an archive (%s) stops in the middle of a big member',
  async (compression) => {
    using temp = tempFolder();
    const members = [fileMember('big', noise(8 * PIECE_BYTES))];
    const { file, facts, entries } = await writeArchive(path.join(temp.path, 'c.tar'), members, compression);
    const controller = new AbortController();
    let chunks = 0;
    const read = readArchive({
      file,
      facts,
      category: 'c',
      entries: (async function* () {
        yield entries;
      })(),
      signal: controller.signal,
      onFinding: (finding) => expect.unreachable(finding.message),
      sink: {
        begin: () => {},
        data: () => {
          chunks++;
          controller.abort();
        },
        end: () => expect.unreachable('the member ended'),
      },
    });
    await expect(read).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(chunks).toBe(1);
  },
);

test('the error of one database that stops another is about the first', () => {
  const damage = new BackupError('DATABASE_DAMAGED', 'a block is damaged', { hint: '' });
  const first = aboutDatabase(damage, { path: 'one', category: 'a', source: 's', engine: engineOf('leveldb') });
  expect(aboutDatabase(first, { path: 'two', category: 'b', source: 's', engine: engineOf('leveldb') })).toBe(first);
});
