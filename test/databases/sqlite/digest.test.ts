import path from 'node:path';
import { expect, test } from 'vitest';
import { NASTY } from '../../support/sqlite/nasty-databases.ts';
import { proveFile } from '../../support/sqlite/prove-file.ts';
import { HAS_SHELL, shellDigest } from '../../support/sqlite/shell.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** What `sqlite3 FILE '.sha3sum --sha3-256 --schema'` prints of each: version 3.40.1. */
const DIGESTS: Readonly<Record<string, string>> = {
  'no table': 'dd62a7926b20847d16ad46ca3bfc36d806668677f5fb0c0d6d04145d98f0586f',
  'every type': 'e36b3e9fab4bc7c67d8d8a125514e9189656d29700fba08eb70d1faa7dc255f6',
  'every type in UTF-16LE': 'e36b3e9fab4bc7c67d8d8a125514e9189656d29700fba08eb70d1faa7dc255f6',
  'every type in UTF-16BE': 'e36b3e9fab4bc7c67d8d8a125514e9189656d29700fba08eb70d1faa7dc255f6',
  'TEXT that is not UTF-8': '7bcb672529f18a970a231e869ff63a3dfd68867145c84185db6371468a075c3f',
  'TEXT that is not UTF-16': 'd6f6bdeda7f6565ad6cfad70747a8c21fc41323c8599a536da21da898277cc7c',
  'hostile names': '6eba6fb658cb74b1a13c18fa1f654be5be753ab315b832525f4b9a6075a35068',
  'a table whose name is not UTF-8': '1fba07bc0327685cf75dc992d88e5c73c34fa6182690b020cd3e62f016536cb2',
  'keys of every kind': 'c2813a4ea125cdf9fa063ad0e5b79678cd9641b9ad8fa53a0190a0aec61bb2dc',
  'STRICT tables': '0861a3993026e265d17a34507b28a3bd9d0dca528fb6a2f3d7709055432daec4',
  'columns that were added later': 'f8c2e70abe360bdd99c055816be4ffa2428869c7195d18bd083f978a637af3ed',
  'generated columns': '7fb7ee54d538a3b7f025b51d8932ec92224569722130f2167bb7d0cc0dc6457d',
  'long values': '712c9e22c1b8b473409daf7965b573e1f6f12341ce1cbc8836398c39b63a4521',
  'long values in UTF-16': '4c9816129b21cf55627fb223382f6a5b4bbbf51e3ba39188f4c26ff2fb5798bc',
  '2000 columns': '634b3e750f7b4b4192adcd694152453e9fb6c303fc29b0dc8963c9238ef76240',
  '2000 columns, one of them generated': 'e78f130afb476b710621904c5edc445cade03fe07be0779969742895f626e594',
  "SQLite's own tables": '46ac21c9d1b586ff74e31054b232647782c1bdbcb5a9cde05e9d07aa6859fcb6',
  "tables of SQLite's own that the shell has no query for":
    'd3abd457faf83be58b58ccd1b892c8e57c58f310eacaf3db291409555773fbb8',
  'a table that comes before the schema, and has no query':
    '15f5fd4d5a55b361aa7e77177d7b11e6425a6cefdecb4a6de50f6adc40a1d67d',
  sqlite_stat4: '4113ee3a84d51b287f834f559509818ffc5b4dc52657b34b28ca63b3bfcf2aff',
  'virtual tables and what they keep': 'bcbb5a2bf9baa099e7fd8e091051170444fe0e9afe67b9e7394c6d0a43da1dee',
  'a virtual table whose module is not there': '1c808de3f74ad5334a17223fd0bcc01cb36ea72a9766c5434cb0e43c4a3e0c6c',
  'triggers and views': 'dce16b6b00a937efbba8dbeb410b048a8914d496b9e0e5e98dc7eecc096bcb0d',
  'text in double quotes, checks and indexes': 'c1ec6555f1e1bd14d3e6c33d2858d966e76117c00cee7435017124120c291ea9',
  'small pages with reserved bytes': '3c490136c32b4522ffa0a57e30414fac36becaf167458f3fdb2a3e8e7d34fbc1',
  'large pages, vacuumed by themselves': '0fe4a793cf8c03434e26b78c0d16e03d69442bf5edb793232cc764db96421fff',
  'a WAL that is not in the file yet': '8219642825720e74409a3b008fed7b21013f851472644f78d5c38456045fd665',
  'a hot journal': '7447178f7267dbcb764496d576b530aa28fcc343b4ffe7a8f896dac7b7e323e3',
};

test('every kind of database has its digest here', () => {
  expect(Object.keys(DIGESTS)).toEqual(Object.keys(NASTY));
});

test.each(Object.entries(NASTY))('the digest is the one of the sqlite3 shell: %s', async (name, make) => {
  using folder = tempFolder();
  const file = path.join(folder.path, 'made.db');
  make(file);
  const { digest, integrity } = await proveFile(file);
  expect({ digest, integrity }).toEqual({ digest: DIGESTS[name], integrity: [] });
  if (HAS_SHELL) expect(shellDigest(file)).toBe(digest);
});
