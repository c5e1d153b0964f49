import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { ClassicLevel } from 'classic-level';
import { checkSources } from '../../../src/core/checks/preflight/inventory.ts';
import { git } from '../../support/git.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import { whyNotAsUser } from '../../support/other-user.ts';
import { makeSqlite, makeSqliteWithWal } from '../../support/sqlite/make-sqlite.ts';
import { after, type Cases } from './scene.ts';

/** What would be backed up. */
export const INVENTORY: Cases<
  | 'inventory'
  | 'sources-readable'
  | 'sources-there'
  | 'sources-named'
  | 'sources-inside'
  | 'sources-still'
  | 'databases-placed'
  | 'databases-read'
  | 'databases-held'
  | 'secrets-left-out'
  | 'secrets-taken'
  | 'invalid-json'
  | 'sources-are-links'
  | 'links-out'
  | 'special-files'
  | 'special-bits'
  | 'attributes'
  | 'portable-names'
  | 'databases-foreign'
  | 'databases-gone'
  | 'databases-zeroed'
  | 'databases-none'
  | 'coverage'
  | 'secrets-not-covered'
  | 'only-here'
> = {
  inventory: [
    {
      when: 'there is nothing',
      status: 'critical',
      says: 'nothing to back up',
      createFails: 'NOTHING_TO_BACK_UP',
      provoke: after((scene) => {
        fs.rmSync(scene.root, { recursive: true });
        fs.mkdirSync(scene.root);
      }),
    },
  ],
  'sources-readable': [
    {
      when: 'a file is closed to this user',
      status: 'critical',
      says: 'docs/how.md: may not be read',
      whyNot: whyNotAsUser,
      provoke: (scene) => {
        fs.chmodSync(scene.inside('docs/how.md'), 0);
        return scene.validateAsUser();
      },
    },
    {
      when: 'a table of a database is',
      status: 'critical',
      says: /leveldb\/\d+\.\w+: may not be read/,
      whyNot: whyNotAsUser,
      provoke: (scene) => {
        const table = fs.readdirSync(scene.inside('leveldb')).find((name) => /^\d+\.(ldb|log)$/.test(name)) ?? '';
        fs.chmodSync(scene.inside('leveldb', table), 0);
        return scene.validateAsUser();
      },
    },
  ],
  'sources-there': [
    {
      when: 'a required source is missing',
      status: 'critical',
      says: 'is required and does not exist',
      createFails: 'SOURCE_MISSING',
      provoke: after((scene) => scene.configure({ path: 'must', required: true })),
    },
  ],
  'sources-named': [
    {
      when: 'a name is not UTF-8',
      status: 'critical',
      says: 'not UTF-8',
      createFails: 'SOURCE_NAME',
      whyNot: process.platform === 'linux' ? null : 'on Linux only',
      provoke: after((scene) =>
        fs.writeFileSync(Buffer.concat([Buffer.from(scene.inside('docs/bad-')), Buffer.from([0xff])]), ''),
      ),
    },
  ],
  'sources-inside': [
    {
      when: 'a source is behind a link',
      status: 'critical',
      says: 'is not a real folder',
      createFails: 'UNSAFE_TARGET',
      provoke: after((scene) => {
        scene.configure({ path: 'link/deep' });
        fs.symlinkSync('docs', scene.inside('link'));
      }),
    },
  ],
  'sources-still': [
    {
      when: 'something vanishes under our eyes',
      status: 'warning',
      says: 'a.json: vanished',
      provoke: () => checkSources([{ code: 'SOURCE_CHANGED', path: 'a.json', message: 'vanished', hint: 'Stop it.' }]),
    },
  ],
  'databases-placed': [
    {
      when: 'a database has lost its head',
      status: 'critical',
      says: 'is a LevelDB database with missing parts',
      createFails: 'DATABASE_DAMAGED',
      provoke: after((scene) => fs.rmSync(scene.inside('leveldb/CURRENT'))),
    },
  ],
  'databases-read': [
    {
      when: 'its manifest is damaged',
      status: 'critical',
      says: 'leveldb cannot be read',
      createFails: 'DATABASE_DAMAGED',
      provoke: after((scene) => {
        const manifest = fs.readdirSync(scene.inside('leveldb')).find((name) => name.startsWith('MANIFEST')) ?? '';
        fs.writeFileSync(scene.inside('leveldb', manifest), 'no manifest');
      }),
    },
    {
      when: 'a SQLite database is cut',
      status: 'warning',
      says: 'docs/app.db',
      provoke: after((scene) => {
        makeSqlite(scene.inside('docs/app.db'), { rows: 3 });
        fs.truncateSync(scene.inside('docs/app.db'), 5000);
      }),
    },
  ],
  'databases-held': [
    {
      when: 'a process has it open',
      status: 'warning',
      says: `leveldb is in use`,
      provoke: after(async (scene) => {
        const database = new ClassicLevel(scene.inside('leveldb'));
        await database.open();
        scene.onEnd(() => database.close());
      }),
    },
  ],
  'secrets-left-out': [
    {
      when: 'there is an .env',
      status: 'info',
      says: 'is left out',
      provoke: after((scene) => scene.put('docs/.env', 'KEY=1')),
    },
  ],
  'secrets-taken': [
    {
      when: 'includeSecrets is set',
      status: 'info',
      says: '2 files that may hold secrets would be in the backup',
      provoke: after((scene) => {
        scene.configure(null, { includeSecrets: true });
        scene.put('docs/.env', 'KEY=1');
        scene.put('docs/key.pem', '-');
      }),
    },
  ],
  'invalid-json': [
    {
      when: 'a file does not parse',
      status: 'warning',
      says: 'deployments/half.json is not valid JSON',
      provoke: after((scene) => scene.put('deployments/half.json', '{')),
    },
    {
      when: 'many do not',
      status: 'warning',
      says: '2 JSON files do not parse',
      provoke: after((scene) => {
        scene.put('deployments/half.json', '{');
        scene.put('deployments/empty.json', '');
      }),
    },
  ],
  'sources-are-links': [
    {
      when: 'a source is a link',
      status: 'warning',
      says: 'docs is a link',
      provoke: after((scene) => {
        fs.renameSync(scene.inside('docs'), scene.inside('documents'));
        fs.symlinkSync('documents', scene.inside('docs'));
      }),
    },
  ],
  'links-out': [
    {
      when: 'a link leads out',
      status: 'warning',
      says: 'docs/out is a link that leads out of the project',
      provoke: after((scene) => fs.symlinkSync('/etc', scene.inside('docs/out'))),
    },
  ],
  'special-files': [
    {
      when: 'there is a fifo',
      status: 'warning',
      says: 'docs/pipe is a special file',
      whyNot: process.platform === 'win32' ? 'not on Windows' : null,
      provoke: after((scene) => execFileSync('mkfifo', [scene.inside('docs/pipe')])),
    },
  ],
  'special-bits': [
    {
      when: 'a folder is sticky',
      status: 'info',
      says: 'docs is set-uid',
      provoke: after((scene) => fs.chmodSync(scene.inside('docs'), 0o1755)),
    },
  ],
  attributes: [
    {
      when: 'a file has two names',
      status: 'info',
      says: '2 with hard links',
      provoke: after((scene) => fs.linkSync(scene.inside('docs/how.md'), scene.inside('docs/again.md'))),
    },
  ],
  'portable-names': [
    {
      when: 'a name ends with a space',
      status: 'info',
      says: 'a dot or space at its end',
      whyNot: process.platform === 'win32' ? 'not on Windows' : null,
      provoke: after((scene) => fs.writeFileSync(scene.inside('docs/a '), '')),
    },
  ],
  'databases-foreign': [
    {
      when: 'a folder is a database of RocksDB',
      status: 'warning',
      says: 'docs/kv is a RocksDB database',
      provoke: after((scene) => {
        scene.put('docs/kv/CURRENT', 'MANIFEST-000001\n');
        scene.put('docs/kv/MANIFEST-000001', '');
        scene.put('docs/kv/OPTIONS-000005', '[Version]\n  rocksdb_version=8.9.1\n');
      }),
    },
  ],
  'databases-gone': [
    {
      when: 'a journal is left of a database',
      status: 'warning',
      says: 'docs/a.db-wal is what is left of a database whose file docs/a.db is gone or empty',
      provoke: after((scene) => {
        makeSqliteWithWal(scene.inside('docs/a.db'), { rows: 5, text: 'old' });
        fs.rmSync(scene.inside('docs/a.db'));
      }),
    },
  ],
  'databases-zeroed': [
    {
      when: 'a database file is zeroed',
      status: 'warning',
      says: 'docs/a.db should be a SQLite database, but holds nothing but zeros',
      provoke: after((scene) => scene.put('docs/a.db', '\0'.repeat(8192))),
    },
  ],
  'databases-none': [
    {
      when: 'a file with the name of a database is a text',
      status: 'warning',
      says: 'docs/a.db has the name of a SQLite database but is not one',
      provoke: after((scene) => scene.put('docs/a.db', 'it was here')),
    },
  ],
  coverage: [
    {
      when: 'a database is in no category',
      status: 'warning',
      says: /^in no category: data\/kv \(LevelDB; .*: not tracked by git, so git clean -fd deletes it$/,
      provoke: after((scene) => writeDatabase(scene.inside('data/kv'), [[Buffer.from('key'), Buffer.from('value')]])),
    },
    {
      when: 'what is in no category is pushed',
      status: 'info',
      says: 'in no category: other/addresses.json (deployment records; 1 file, 2 bytes): unchanged in a commit that a remote has',
      provoke: after((scene) => {
        scene.put('other/addresses.json', '{}');
        git(scene.root, 'add', '.');
        git(scene.root, 'commit', '-m', 'more');
        git(scene.root, 'push', 'origin', 'HEAD');
      }),
    },
  ],
  'secrets-not-covered': [
    {
      when: 'a key that nothing replaces is in no category',
      status: 'warning',
      says: 'may hold secrets, and in no category: programs/target/deploy',
      advises:
        'Keep a copy somewhere safe, because nothing replaces a key that is lost. Then put its path in "ignore".',
      provoke: after((scene) => scene.put('programs/target/deploy/app-keypair.json', '[]')),
    },
    {
      when: 'another secret is in no category',
      status: 'info',
      says: 'may hold secrets, and in no category: apps/.env',
      advises: 'Keep it somewhere safe yourself, or cover it and set "includeSecrets".',
      provoke: after((scene) => scene.put('apps/.env', '')),
    },
  ],
  'only-here': [
    {
      when: 'a file of a category is in no commit',
      status: 'info',
      says: '1 of 9 files of state (3 of ',
      provoke: after((scene) => scene.put('docs/new.md', 'new')),
    },
    {
      when: 'there is no git work tree',
      status: 'info',
      says: 'git knows nothing of this folder, so nothing shows that any of the 8 files of state',
      provoke: after((scene) => fs.rmSync(scene.inside('.git'), { recursive: true })),
    },
  ],
};
