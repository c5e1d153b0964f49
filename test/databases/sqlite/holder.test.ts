import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LockLease } from '../../../src/core/databases/locks/hold-locks.ts';
import { SQLITE } from '../../../src/core/databases/sqlite/engine.ts';
import { whoHoldsSqlite } from '../../../src/core/databases/sqlite/holder.ts';
import { findOpenFiles, recentOpenFiles } from '../../../src/core/fs/open-files.ts';
import { canRunAsUser, isRoot, NOBODY } from '../../support/other-user.ts';
import { connectionElsewhere } from '../../support/sqlite/connection-elsewhere.ts';
import { makeSqlite } from '../../support/sqlite/make-sqlite.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const askAnew = (file: string): ReturnType<typeof whoHoldsSqlite> => whoHoldsSqlite(file, findOpenFiles());

/** All that a look could change. */
function traces(file: string): unknown {
  const { size, mtimeNs, ctimeNs, ino } = fs.statSync(file, { bigint: true });
  return [size, mtimeNs, ctimeNs, ino, fs.readdirSync(path.dirname(file))];
}

test.each(['delete', 'wal'] as const)(
  'journal mode %s: another process has it open, also between two transactions',
  async (mode) => {
    using temp = tempFolder();
    const file = path.join(temp.path, 'a.db');
    makeSqlite(file, { mode });
    const before = traces(file);
    expect(await askAnew(file)).toMatchObject({ held: 'no', pids: [] });
    expect(traces(file)).toEqual(before);
    {
      await using other = connectionElsewhere(file);
      await other.ask('open');
      const pids = process.platform === 'linux' ? [other.pid] : [];
      // Windows and Linux see who has it open, others only who has a lock.
      if (['linux', 'win32'].includes(process.platform)) {
        expect(await askAnew(file)).toMatchObject({ held: 'yes', pids });
      }
      expect(await other.ask('BEGIN IMMEDIATE')).toBe('[]');
      expect(await askAnew(file)).toMatchObject({ held: 'yes', pids });
    }
    expect(await askAnew(file)).toMatchObject({ held: 'no' });
  },
);

test('who has only its -wal open has it', { skip: process.platform !== 'linux' }, async () => {
  using temp = tempFolder();
  const file = path.join(temp.path, 'a.db');
  makeSqlite(file);
  fs.writeFileSync(`${file}-wal`, '');
  await using other = connectionElsewhere(`${file}-wal`);
  await other.ask('open');
  expect(await askAnew(file)).toMatchObject({ held: 'yes', pids: [other.pid] });
});

test('this process and the keeper of its locks are no strangers', async () => {
  using temp = tempFolder();
  const file = path.join(temp.path, 'a.db');
  makeSqlite(file);
  const lease = new LockLease();
  expect(await lease.hold(SQLITE.lockOf(file))).toMatchObject({ held: 'no' });
  expect(await askAnew(file)).toMatchObject({ held: 'no' });
  await lease.release();
  const own = new DatabaseSync(file);
  own.exec('BEGIN IMMEDIATE');
  if (process.platform === 'linux') expect(await askAnew(file)).toMatchObject({ held: 'no' });
  own.close();
});

test(
  'asking is in nobody’s way: who waits for no lock is never told that it is locked',
  {
    skip: process.platform !== 'linux',
  },
  async () => {
    using temp = tempFolder();
    const file = path.join(temp.path, 'a.db');
    makeSqlite(file);
    await using other = connectionElsewhere(file);
    await other.ask('open');
    await other.ask('PRAGMA synchronous = OFF');
    let written = 0;
    const said = new Set<string>();
    const until = performance.now() + 400;
    const writes = (async () => {
      while (performance.now() < until) {
        said.add(await other.ask("INSERT INTO t (v) VALUES ('x')"));
        written += 1;
      }
    })();
    let asked = 0;
    while (performance.now() < until) {
      const before = written;
      await whoHoldsSqlite(file);
      await sleep(1);
      if (written > before) asked += 1;
    }
    await writes;
    expect([...said]).toEqual(['[]']);
    expect(asked).toBeGreaterThan(5);
  },
);

test('one look serves for many databases that are asked about together', async () => {
  const look = recentOpenFiles();
  expect(recentOpenFiles()).toBe(look);
  await sleep(550);
  if (look !== null) expect(recentOpenFiles()).not.toBe(look);
});

const HOLDER = fileURLToPath(new URL('../../../src/core/databases/sqlite/holder.ts', import.meta.url));
const ASK = `import(process.argv[1]).then(async (m) => console.log(JSON.stringify(await m.whoHoldsSqlite(process.argv[2]))))`;

function askAsNobody(file: string): unknown {
  const args = ['--no-warnings', '-e', ASK, '--', HOLDER, file];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', uid: NOBODY, gid: NOBODY });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test(
  'what another user’s process has open is not seen, but its locks are',
  {
    skip: process.platform !== 'linux' || !isRoot || !canRunAsUser,
  },
  async () => {
    using temp = tempFolder();
    fs.chmodSync(temp.path, 0o755);
    const [roots, nobodys] = ['root.db', 'nobody.db'].map((name) => path.join(temp.path, name));
    if (roots === undefined || nobodys === undefined) throw new Error('two names');
    for (const file of [roots, nobodys]) {
      makeSqlite(file);
      await using other = connectionElsewhere(file);
      await other.ask('open');
      if (file === nobodys) fs.chownSync(file, NOBODY, NOBODY);
      const evidence = expect.stringContaining('could not be looked into; none of them has a lock on it');
      // Root has processes on every machine: where it owns the database, they may have it.
      const owner = { held: 'unknown', pids: [], evidence: expect.stringContaining('belongs to user 0') };
      expect(askAsNobody(file)).toMatchObject(file === roots ? owner : { held: 'no', pids: [], evidence });
      await other.ask('BEGIN IMMEDIATE');
      expect(askAsNobody(file)).toMatchObject({ held: 'yes', pids: [other.pid] });
    }
  },
);
