import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { whoHolds, type Holder } from '../../databases/leveldb/capture/holder.ts';
import { folderFiles, readDatabase } from '../../databases/leveldb/format/reader.ts';

/** A database of the inventory, looked at: who holds it, and what is in it. */
export interface DatabaseLook {
  /** Project-relative. */
  readonly path: string;
  readonly engine: 'leveldb' | 'rocksdb';
  readonly holder: Holder;
  /** Null where it could not be counted: another engine, or `problem`. */
  readonly records: number | null;
  readonly problem: string | null;
}

/** Reads a database in place, without opening it as a database and without writing anything. Throws INTERRUPTED. */
export async function lookAtDatabase(
  { path, dir, engine }: { path: string; dir: string; engine: DatabaseLook['engine'] },
  signal: AbortSignal | undefined,
): Promise<DatabaseLook> {
  const holder = await whoHolds(dir);
  if (engine !== 'leveldb') return { path, engine, holder, records: null, problem: null };
  try {
    const files = folderFiles(dir);
    try {
      const { records } = await readDatabase(files, { signal });
      return { path, engine, holder, records, problem: null };
    } finally {
      files.close();
    }
  } catch (error) {
    if (error instanceof BackupError && error.code === 'INTERRUPTED') throw error;
    if (!(error instanceof BackupError) && errnoOf(error) === undefined) throw error;
    return { path, engine, holder, records: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Every database reads: create does not take a damaged one for a good one. One that somebody writes may not read just now. */
export function checkDatabasesRead(databases: readonly DatabaseLook[]): CheckResult {
  const about = { id: 'databases-read', group: 'inventory' } as const;
  const wrong = databases.filter(({ problem }) => problem !== null);
  if (wrong.length === 0) {
    const message = databases.length === 1 ? 'the database reads' : `all ${databases.length} databases read`;
    return { ...about, status: 'ok', message: databases.length === 0 ? 'no database here' : message };
  }
  const damaged = wrong.filter(({ holder }) => holder.held === 'no');
  return {
    ...about,
    status: damaged.length > 0 ? 'critical' : 'warning',
    message: wrong.map(({ path, problem }) => `${path} does not read: ${problem}`).join('; '),
    paths: wrong.map(({ path }) => path),
    recommendation:
      damaged.length > 0
        ? 'Repair it; to keep it as it is before that, use --raw with its path.'
        : 'Stop what writes there and validate again.',
  };
}

/** Nobody holds a database: a backup works all the same, but nothing is restored over a database that is in use. */
export function checkDatabasesHeld(databases: readonly DatabaseLook[]): CheckResult {
  const about = { id: 'databases-held', group: 'inventory' } as const;
  const held = databases.filter(({ holder }) => holder.held !== 'no');
  if (held.length === 0) return { ...about, status: 'ok', message: 'no process holds a database' };
  const say = ({ path, holder: { held: how, pids, evidence, forbidden } }: DatabaseLook): string => {
    if (forbidden !== undefined) return `it cannot be told whether ${path} is in use: its LOCK may not be opened`;
    if (how === 'unknown') return `it cannot be told whether ${path} is in use: ${evidence}`;
    return `${path} is in use${pids.length === 0 ? '' : ` (pid ${pids.join(', ')})`}`;
  };
  return {
    ...about,
    status: 'warning',
    message: held.map(say).join('; '),
    evidence: { holders: held.map(({ path, holder }) => ({ path, ...holder })) },
    paths: held.map(({ path }) => path),
    recommendation: 'create works while it is in use; a restore of it is refused until that process has ended.',
  };
}
