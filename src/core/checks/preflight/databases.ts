import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import { whoHolds, type Holder } from '../../databases/leveldb/capture/holder.ts';
import { folderFiles, readStore } from '../../databases/leveldb/format/reader.ts';

/** A database of the inventory, looked at: who holds it, and what is in it. */
export interface StoreLook {
  /** Project-relative. */
  readonly path: string;
  readonly engine: 'leveldb' | 'rocksdb';
  readonly holder: Holder;
  /** Null where it could not be counted: another engine, or `problem`. */
  readonly entries: number | null;
  readonly problem: string | null;
}

/** Reads a store in place, without opening it as a database and without writing anything. Throws INTERRUPTED. */
export async function lookAtStore(
  { path, dir, engine }: { path: string; dir: string; engine: StoreLook['engine'] },
  signal: AbortSignal | undefined,
): Promise<StoreLook> {
  const holder = await whoHolds(dir);
  if (engine !== 'leveldb') return { path, engine, holder, entries: null, problem: null };
  try {
    const files = folderFiles(dir);
    try {
      const { entries } = await readStore(files, { signal });
      return { path, engine, holder, entries, problem: null };
    } finally {
      files.close();
    }
  } catch (error) {
    if (error instanceof BackupError && error.code === 'INTERRUPTED') throw error;
    if (!(error instanceof BackupError) && errnoOf(error) === undefined) throw error;
    return { path, engine, holder, entries: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Every store reads: create does not take a damaged one for a good one. One that somebody writes may not read just now. */
export function checkStoresRead(stores: readonly StoreLook[]): CheckResult {
  const about = { id: 'stores-read', group: 'inventory' } as const;
  const wrong = stores.filter(({ problem }) => problem !== null);
  if (wrong.length === 0) {
    const message = stores.length === 1 ? 'the database reads' : `all ${stores.length} databases read`;
    return { ...about, status: 'ok', message: stores.length === 0 ? 'no database here' : message };
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

/** Nobody holds a store: a backup works all the same, but nothing is restored over a database that is in use. */
export function checkStoresHeld(stores: readonly StoreLook[]): CheckResult {
  const about = { id: 'stores-held', group: 'inventory' } as const;
  const held = stores.filter(({ holder }) => holder.held !== 'no');
  if (held.length === 0) return { ...about, status: 'ok', message: 'no process holds a database' };
  const say = ({ path, holder: { held: how, pids, evidence } }: StoreLook): string => {
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
