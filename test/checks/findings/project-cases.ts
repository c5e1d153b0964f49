import fs from 'node:fs';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyFinding } from '../../../src/core/model/finding.ts';
import { resolveProject } from '../../../src/core/config/project.ts';
import { KeepOut } from '../../../src/core/change/keep-out.ts';
import { create } from '../../../src/core/operations/create.ts';
import { diffLive } from '../../../src/core/operations/diff.ts';
import { lockGuard, writeMarker } from '../../../src/core/history/marker.ts';
import { init } from '../../../src/core/operations/init.ts';
import type { GuardOptions } from '../../../src/core/operations/guard.ts';
import { list } from '../../../src/core/operations/list.ts';
import { prune } from '../../../src/core/operations/prune.ts';
import { makeId } from '../../../src/core/format/id.ts';
import { reconcile } from '../../../src/core/operations/reconcile.ts';
import { recover } from '../../../src/core/operations/recover.ts';
import { acquireLock } from '../../../src/core/repository/lock.ts';
import { put } from '../../support/files.ts';
import { pushAll } from '../../support/git.ts';
import { isRoot, NOBODY } from '../../support/other-user.ts';
import { makeSqliteWithWal } from '../../support/sqlite/make-sqlite.ts';
import { leaveSuperJournal } from '../../support/sqlite/super-journal.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import { withIntruder } from '../../transaction/support/intruder.ts';
import { context } from '../../support/real-backup.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import type { Cases, Provoke, Stage } from './stage.ts';

function sqlite(file: string, sql: string): void {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false, defensive: false });
  database.exec(sql);
  database.close();
}

/** Changes the project, then takes a backup of it. */
const created =
  (change: (stage: Stage) => unknown, options: Parameters<Stage['create']>[0] = {}): Provoke =>
  async (stage) => {
    await change(stage);
    return (await stage.create(options)).findings;
  };

const inited =
  (change: (stage: Stage) => unknown): Provoke =>
  async (stage) => {
    change(stage);
    return (await init(stage.root, { env: {} }, context)).findings;
  };

const restored =
  (change: (stage: Stage) => unknown, options: Parameters<Stage['restore']>[0] = {}): Provoke =>
  async (stage) => {
    fs.writeFileSync(stage.inside('docs/a.md'), 'changed');
    change(stage);
    return (await stage.restore(options)).findings;
  };

/** Accounts for all records of the good backup. */
const reconciled =
  (change: (stage: Stage) => unknown): Provoke =>
  async (stage) => {
    change(stage);
    const where = { name: undefined, latest: true, env: {}, in: [], cwd: stage.root };
    return (await reconcile(stage.project, { ...where, strict: false, writeRules: false }, context)).findings;
  };

/** A restore of a database in whose place somebody makes another while it is away. */
const intruded =
  (make: (folder: string) => void): Provoke =>
  async (stage) => {
    fs.rmSync(stage.inside('leveldb/CURRENT'));
    const { value } = await withIntruder(stage.root, 'leveldb', make, () => stage.restore({}));
    return value?.findings ?? [];
  };

/** A folder in no category that is too deep for anybody to name from the root. */
const BURY = `cd "$1"; deep=xxx/$(printf "$(printf 'x%.0s' $(seq 200))/%.0s" $(seq 13)); mkdir -p $deep y/$deep; mv y $deep`;

/** Guards a line of shell that finds the project in $1 and the repository in $2. */
const guarded =
  (script: string, first = '', loss: Partial<GuardOptions> = {}): Provoke =>
  async (stage) => {
    const { guard } = await import('../../../src/core/operations/guard.ts');
    const confirm = () => Promise.resolve(true);
    const how = {
      checks: [],
      onFailure: undefined,
      confirm,
      stdoutToStderr: true,
      lockWaitMs: 10,
      backup: {},
      ...loss,
    };
    const shell = (line: string) => ['sh', '-c', line, 'sh', stage.root, stage.repository];
    const [program = '', ...args] = shell(first);
    execFileSync(program, args);
    const { findings } = await guard(stage.project, { ...how, command: shell(script) }, context);
    // Not every way to remove a tree can remove that one.
    execFileSync('sh', ['-c', 'rm -rf "$1"/xxx*', 'sh', stage.root]);
    return findings;
  };

function edit(file: string, change: (text: string) => string): void {
  fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')));
}

/** What the other operations say. */
export const PROJECT: Cases = {
  'secret-left-out': created((stage) => stage.put('docs/.env', 'KEY=1')),
  'secret-taken': created((stage) => {
    stage.put('docs/.env', 'KEY=1');
    edit(stage.inside('migbackup.config.json'), (text) => text.replace('{', '{"includeSecrets": true,'));
  }),
  'name-not-portable': created((stage) => fs.writeFileSync(stage.inside('docs/a:b'), '')),
  'git-cleanable': [
    inited((stage) => {
      execFileSync('git', ['init', '--quiet'], { cwd: stage.root });
      edit(stage.inside('.gitignore'), () => '');
    }),
    inited((stage) => execFileSync('git', ['init', '--quiet'], { cwd: stage.root })),
  ],
  'special-bits': created((stage) => fs.chmodSync(stage.inside('docs'), 0o1755)),
  'time-not-kept': created((stage) => fs.utimesSync(stage.inside('docs/a.md'), 1e10, 1e10)),
  'attributes-not-kept': created((stage) => fs.linkSync(stage.inside('docs/a.md'), stage.inside('docs/c.md'))),
  'special-file': created((stage) => execFileSync('mkfifo', [stage.inside('docs/pipe')])),
  'unsafe-link': created((stage) => fs.symlinkSync('/etc', stage.inside('docs/out'))),
  'source-is-link': created((stage) => {
    fs.renameSync(stage.inside('docs'), stage.inside('documents'));
    fs.symlinkSync('documents', stage.inside('docs'));
  }),
  'database-foreign': created((stage) => {
    stage.put('docs/kv/CURRENT', 'MANIFEST-000001\n');
    stage.put('docs/kv/MANIFEST-000001', '');
    stage.put('docs/kv/OPTIONS-000005', '[Version]\n  rocksdb_version=8.9.1\n');
  }),
  'database-zeroed': created((stage) => stage.put('docs/a.db', '\0'.repeat(8192))),
  'database-none': created((stage) => stage.put('docs/a.db', 'it was here')),
  'database-gone': created((stage) => {
    makeSqliteWithWal(stage.inside('docs/a.db'), { rows: 5, text: 'old' });
    fs.rmSync(stage.inside('docs/a.db'));
  }),
  'database-doubt': created((stage) => leaveSuperJournal(stage.inside('docs/a.db'))),
  'database-unsound': created((stage) =>
    sqlite(
      stage.inside('docs/a.db'),
      'CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p); INSERT INTO c VALUES (7)',
    ),
  ),
  'database-partly-proven': created((stage) =>
    sqlite(
      stage.inside('docs/a.db'),
      `CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA writable_schema = on;
       INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING missing(a)')`,
    ),
  ),
  'database-still-open': async (stage) => {
    const file = stage.inside('docs/a.db');
    sqlite(file, 'CREATE TABLE t (a)');
    const database = { path: 'docs/a.db', engine: 'sqlite' } as const;
    const locks = new KeepOut(stage.root, undefined, 50);
    await locks.holdTargets([{ n: 0, path: 'docs/a.db', old: null, hasNew: true, tree: false, database }]);
    const reader = spawn('sh', ['-c', 'exec 3<"$1"; echo open; sleep 60', 'sh', file], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await once(reader.stdout, 'data');
      fs.copyFileSync(file, `${file}.new`);
      fs.renameSync(`${file}.new`, file);
      return await locks.whoStays(undefined);
    } finally {
      reader.kill('SIGKILL');
      await locks.release();
    }
  },
  'state-not-compared': created((stage) =>
    fs.truncateSync(path.join(stage.repository, stage.plain, 'INDEX.ndjson.zst'), 10),
  ),
  'state-gone': created((stage) => fs.rmSync(stage.inside('docs/a.md'))),
  'clock-behind': async (stage) => {
    const id = makeId('migration', new Date(Date.now() + 3_600_000));
    fs.renameSync(path.join(stage.project.repository, stage.zstd), path.join(stage.project.repository, id));
    return (await stage.create()).findings;
  },
  'gone-accepted': created((stage) => fs.rmSync(stage.inside('docs/a.md')), { acceptGone: true }),
  // SQLite writes to the file -shm through memory, and only a file system that is in memory itself does not show it.
  'file-not-proven': async () => {
    using memory = tempFolder('migbackup-test-', '/dev/shm');
    put(memory.path, 'docs/a.md');
    const open = `new (require('node:sqlite').DatabaseSync)(process.argv[1]).exec('pragma journal_mode = wal; create table a(b)');
      process.stdout.write('ready'); setInterval(() => {}, 1000)`;
    const reader = spawn(process.execPath, ['-e', open, path.join(memory.path, 'a.db')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await once(reader.stdout, 'data');
      // The same file under a name that says nothing of SQLite.
      fs.linkSync(path.join(memory.path, 'a.db-shm'), path.join(memory.path, 'docs/mapped'));
      const project = resolveProject({ cwd: memory.path, env: {} });
      return (await create(project, { allowPartial: false, verify: true }, context)).findings;
    } finally {
      reader.kill('SIGKILL');
    }
  },
  'database-not-proven': created(() => {}, { raw: ['leveldb'] }),
  'database-orphans': created((stage) => stage.put('leveldb/000001.ldb', 'no table of this database')),
  'invalid-json': created((stage) => stage.put('deployments/half.json', '{')),
  coverage: [
    created((stage) => writeDatabase(stage.inside('data/kv'), [[Buffer.from('key'), Buffer.from('value')]])),
    created((stage) => {
      stage.put('other/addresses.json', '{}');
      pushAll(stage.root, `${stage.root}.git`);
    }),
  ],
  'secret-not-covered': [
    created((stage) => stage.put('programs/target/deploy/app-keypair.json', '[]')),
    created((stage) => stage.put('apps/.env', '')),
  ],
  'left-out': created((stage) => stage.put('docs/a\\b', ''), { allowPartial: true }),
  'config-gone': restored((stage) => fs.rmSync(stage.inside('migbackup.config.json'))),
  'aside-kept': [
    restored(() => {}, { safetyBackup: false }),
    restored((stage) => {
      fs.rmSync(stage.inside('package.json'));
      fs.mkdirSync(stage.inside('package.json/node_modules'), { recursive: true });
    }),
  ],
  'set-aside': [
    intruded((folder) => writeDatabase(folder, [[Buffer.from('of'), Buffer.from('somebody')]])),
    intruded((folder) => {
      fs.mkdirSync(folder);
      fs.writeFileSync(path.join(folder, 'LOCK'), '');
    }),
  ],
  'log-not-written': restored((stage) => fs.mkdirSync(path.join(stage.repository, 'reports/operations.ndjson'))),
  'made-not-recorded': restored((stage) => {
    fs.rmSync(stage.inside('docs/a.md'));
    fs.rmSync(path.join(stage.repository, 'reports'), { recursive: true });
    fs.writeFileSync(path.join(stage.repository, 'reports'), '');
  }),
  'script-kept': inited((stage) => {
    edit(stage.inside('package.json'), (text) => text.replace('"migbackup restore"', '"echo restore"'));
  }),
  'not-installed': inited((stage) => {
    edit(stage.inside('package.json'), (text) => text.replace(/"migbackup": /, '"something-else": '));
  }),
  'left-alone': inited((stage) => fs.rmSync(stage.inside('package.json'))),
  'repository-missing': [
    async (stage) => {
      const repository = path.join(stage.repository, 'no');
      return (await list({ ...stage.project, repository }, {}, context)).findings;
    },
    async (stage) => {
      const repository = stage.inside('package.json');
      return (await list({ ...stage.project, repository }, {}, context)).findings;
    },
  ],
  'stale-work': async (stage) => {
    fs.mkdirSync(path.join(stage.repository, '.partial-x'));
    return (await list(stage.project, {}, context)).findings;
  },
  'guard-interrupted': async (stage) => {
    lockGuard(stage.root).release();
    writeMarker(stage.root, { backupId: stage.plain, command: ['migrate'], startedAt: 'then', token: 'none' });
    return (await list(stage.project, {}, context)).findings;
  },
  'taken-while-guarded': async (stage) => {
    const lock = lockGuard(stage.root);
    try {
      return (await stage.create()).findings;
    } finally {
      lock.release();
    }
  },
  'logged-without-lock': async (stage) => {
    const script = 'echo changed > "$1/docs/a.md"; touch "$1/ready"; while [ -e "$1/ready" ]; do sleep 0.01; done';
    const ended = guarded(script)(stage);
    while (!fs.existsSync(stage.inside('ready'))) await sleep(5);
    const lock = acquireLock(stage.repository, 'create');
    fs.rmSync(stage.inside('ready'));
    try {
      return await ended;
    } finally {
      lock.release();
    }
  },
  'outside-not-seen': [guarded(BURY), (stage) => guarded('true', BURY)(stage)],
  'changes-not-known': guarded('rm -r "$2"'),
  'way-back-lost': guarded('rm "$2"/migration-*/docs.tar.zst'),
  // Only Linux shows where other processes work.
  ...(process.platform === 'linux'
    ? { 'still-running': guarded('cd "$1"; setsid env -i sleep 3 </dev/null >/dev/null 2>&1 & sleep 0.2; exit 1') }
    : {}),
  'records-lost': guarded('rm -r "$1/leveldb"', '', { expect: 'no-loss' }),
  'lost-not-restored': guarded('rm -r "$1/leveldb"', '', { expect: 'no-loss', onFailure: 'keep' }),
  'loss-not-known': [guarded('rm "$1/leveldb/CURRENT"'), guarded('rm "$1/leveldb/CURRENT"', '', { expect: 'no-loss' })],
  'allowed-loss-unmatched': guarded('true', '', { expect: 'no-loss', allowLoss: ['leveldb/*'] }),
  'marker-kept': guarded('rm "$1/.migbackup/guard/running.json"; mkdir "$1/.migbackup/guard/running.json"'),
  'held-open': async (stage) => {
    fs.appendFileSync(stage.inside('docs/a.md'), 'more');
    const writer = spawn('sh', ['-c', 'exec 3>>"$1"; echo open; cat', '-', stage.inside('docs/a.md')]);
    await once(writer.stdout, 'data');
    const { findings } = await stage.restore({});
    writer.stdin.end();
    return findings;
  },
  'taken-not-noted': created((stage) => {
    fs.rmSync(stage.inside('.migbackup/project.json'));
    fs.mkdirSync(stage.inside('.migbackup/project.json'));
  }),
  'not-removed': async (stage) => {
    fs.mkdirSync(path.join(stage.repository, 'reports/x/a.json.999999999-0123456789ab.tmp'), { recursive: true });
    return (await recover(stage.project, {}, context)).findings;
  },
  'none-verifies': async (stage) => {
    for (const id of [stage.zstd, stage.plain]) fs.rmSync(path.join(stage.repository, id, 'INDEX.ndjson.zst'));
    const confirm = () => Promise.resolve(true);
    return (await prune(stage.project, { policy: { keepLast: 1, keepSafety: 0 }, dryRun: true, confirm }, context))
      .findings;
  },
  'not-compared': async (stage) => {
    stage.put('docs/a\\b', '');
    return (await diffLive(stage.project, stage.selected(), context)).findings;
  },
  'rule-unmatched': reconciled((stage) =>
    stage.put('migbackup.config.json', JSON.stringify({ preset: 'default', reconcile: { nothing: {} } })),
  ),
  'database-unchanged': reconciled(() => undefined),
  'records-not-searched': reconciled((stage) => stage.put('deployments/torn.json', '{"a":')),
  // Only root can bring back what belonged to others, so only root is told.
  ...(isRoot ? { 'owner-not-set': ownerNotSet } : {}),
};

async function ownerNotSet(stage: Stage): Promise<readonly AnyFinding[]> {
  fs.chownSync(stage.inside('docs/a.md'), NOBODY, NOBODY);
  const { backupId } = await stage.create();
  fs.rmSync(stage.inside('docs/a.md'));
  const { restore } = await import('../../../src/core/operations/restore.ts');
  const confirm = () => Promise.resolve(true);
  const how = { only: [], allowUnsafeLinks: false, exact: false, dryRun: false, safetyBackup: true, confirm };
  return (await restore(stage.project, stage.selected(backupId), how, context)).findings;
}
