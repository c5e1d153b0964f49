import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Changes rows of `t` (make-sqlite.ts), and leaves them in a `-wal`. */
export const IN_WAL = `PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; UPDATE t SET v = 'new' WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0;`;
/** A transaction over a later state that spills into the database file, so that its journal is hot. */
export const IN_JOURNAL = `UPDATE t SET v = 'mid', pad = hex(randomblob(90)) WHERE id % 5 = 0; PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN; UPDATE t SET v = 'new', pad = hex(randomblob(100)) WHERE id % 2 = 0;`;

/** Runs SQL in another process that is then killed, so that it leaves what it has written so far. */
export async function killedWriter(file: string, sql: string): Promise<void> {
  const script = `const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(process.argv[1]);
    database.exec(process.argv[2]);
    process.stdout.write('done');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--no-warnings', '-e', script, '--', file, sql]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}
