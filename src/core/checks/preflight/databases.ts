import { BackupError, errnoOf } from '../../model/backup-error.ts';
import type { Finding } from '../../model/finding.ts';
import type { CheckResult } from '../../model/validate-report.ts';
import type { Engine, Holder } from '../../databases/engine.ts';
import { readOnDisk } from '../../databases/read-on-disk.ts';
import type { EngineName } from '../../model/engine-name.ts';

/** What was seen of a database of the inventory: who has it open, and what is in it. */
export interface DatabaseLook {
  /** Project-relative. */
  readonly path: string;
  readonly engine: EngineName;
  readonly holder: Holder;
  /** Null if the records could not be counted: because of `problem`, or because of an order that only the application knows. */
  readonly records: number | null;
  readonly digest: string | null;
  readonly problem: string | null;
  /** What create will say about it: for example pages that are not sound, or parts that cannot be read. */
  readonly remarks: readonly Finding[];
}

/** Reads a captured copy of a database. The database itself is not opened, and nothing is written beside it. Throws INTERRUPTED. */
export async function lookAtDatabase(
  { path, place, engine }: { path: string; place: string; engine: Engine },
  signal: AbortSignal | undefined,
): Promise<DatabaseLook> {
  const about = { path, engine: engine.name, holder: await engine.whoHolds(place) };
  try {
    const facts = await readOnDisk(engine, place, signal);
    const { records, digest } = facts;
    return { ...about, records, digest, problem: null, remarks: engine.remarks(path, facts).filter(isDoubt) };
  } catch (error) {
    if (error instanceof BackupError && error.code === 'INTERRUPTED') throw error;
    if (!(error instanceof BackupError) && errnoOf(error) === undefined) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    return { ...about, records: null, digest: null, problem, remarks: [] };
  }
}

/** Whether a finding leaves a doubt about the database itself. */
function isDoubt({ code }: Finding): boolean {
  return code === 'database-unsound' || code === 'database-partly-proven';
}

/**
 * Checks that every database can be read, as create does. A database that a process is writing to may be unreadable just now.
 * @param sayWayBack a sentence with the command line that brings back a database (project-relative)
 */
export function checkDatabasesRead(
  databases: readonly DatabaseLook[],
  sayWayBack: (database: string) => string | null = () => null,
): CheckResult {
  const about = { id: 'databases-read', group: 'inventory' } as const;
  const wrong = databases.filter(({ problem }) => problem !== null);
  const doubtful = databases.flatMap(({ remarks }) => remarks);
  const [doubt] = doubtful;
  if (wrong.length === 0 && doubt !== undefined) {
    return {
      ...about,
      status: 'warning',
      message: doubtful.map(({ message }) => message).join('; '),
      paths: databases.filter(({ remarks }) => remarks.length > 0).map(({ path }) => path),
      recommendation: doubt.recommendation,
    };
  }
  if (wrong.length === 0) {
    const message =
      databases.length === 1 ? 'the database can be read' : `all ${databases.length} databases can be read`;
    return { ...about, status: 'ok', message: databases.length === 0 ? 'no database here' : message };
  }
  const damaged = wrong.filter(({ holder }) => holder.held === 'no');
  const ways = damaged.flatMap(({ path }) => sayWayBack(path) ?? []);
  return {
    ...about,
    status: damaged.length > 0 ? 'critical' : 'warning',
    message: wrong.map(({ path, problem }) => `${path} cannot be read: ${problem}`).join('; '),
    paths: wrong.map(({ path }) => path),
    recommendation:
      damaged.length > 0
        ? [...ways, 'To keep it as it is before a repair, run create with --raw and its path.'].join(' ')
        : 'Stop what writes there, then run migbackup validate again.',
  };
}

/** Checks whether a process uses a database. A backup works even then, but a restore never replaces a database that is in use. */
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
    recommendation: 'create works while it is in use. A restore of it is refused until that process has ended.',
  };
}
