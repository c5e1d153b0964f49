import path from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';
import { withFault } from './support/faults.ts';
import { apply, file, folder, put, wanted } from './support/small-project.ts';

test('a folder that is swapped as one is away for nothing but its own two renames and the syncs between them', async () => {
  using temp = tempFolder();
  const root = temp.path;
  for (let nth = 0; nth < 20; nth++) put(root, `a${nth}`, 'old');
  for (const database of ['db1', 'db2']) put(root, `${database}/CURRENT`, 'old');
  const files = Array.from({ length: 20 }, (_, nth) => file(`a${nth}`, 'new'));
  const databases = ['db1', 'db2'].flatMap((database) => [folder(database), file(`${database}/CURRENT`, 'new')]);

  const { calls, error } = await withFault(null, () =>
    apply(root, wanted(...files, ...databases), { mirrored: ['db1', 'db2'] }),
  );
  expect(error).toBeUndefined();
  const changing = calls.filter((call) => /^(rename|fsync|chmod|utimes|unlink)Sync/.test(call));
  for (const database of ['db1', 'db2']) {
    const out = changing.indexOf(`renameSync ${path.join(root, database)}`);
    const back = changing.findIndex((call, at) => at > out && call.startsWith('renameSync'));
    expect(changing[back]).toContain(path.join('.migbackup', 'txn', 'stage'));
    expect(changing.slice(out + 1, back).map((call) => call.split(' ')[0])).toEqual(['fsyncSync', 'fsyncSync']);
  }
});
