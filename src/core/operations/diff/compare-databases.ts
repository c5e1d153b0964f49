import { keyText } from '../../databases/key-text.ts';
import { mergeByKey, type ReadableDatabase } from '../../databases/merge-by-key.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { DiffDatabase, RecordChange } from '../../model/diff-report.ts';
import { ENGINE_TITLES } from '../../model/engine-name.ts';
import { fromSystemError } from '../../model/system-error.ts';
import type { EntryFilter } from '../../scan/terms.ts';
import type { BackupSide } from './backup-side.ts';
import type { Look, Side, SideDatabase } from './side.ts';

/** So many changes of a database are listed; all are counted. */
const MAX_LISTED = 1000;

type RecordChanges = Pick<DiffDatabase, 'records' | 'changes' | 'moreChanges'>;

const NOT_READ: RecordChanges = { records: null, changes: [], moreChanges: 0 };

/**
 * Compares the databases that were seen while the entries of both sides were read, by path. The records are read, in constant memory, where both digests are
 * known and differ. What cannot be read is said in `problem`; what is thrown is INTERRUPTED or a bug.
 */
export async function compareDatabases(
  before: BackupSide,
  after: Side,
  isWanted: EntryFilter,
  signal: AbortSignal | undefined,
): Promise<DiffDatabase[]> {
  const olds = byPath(await before.databases(isWanted));
  const read = new Map<string, RecordChanges | string>();
  const look: Look = async (now, opened) => {
    const old = olds.get(now.path);
    const [was, is] = [old?.state?.digest ?? null, now.state?.digest ?? null];
    if (was === null || is === null || was === is || old?.engine !== now.engine) return;
    read.set(
      now.path,
      await unlessRefused(() =>
        before.open(now.path, (then) => opened((current) => compareRecords(then, current, signal))),
      ),
    );
  };
  const news = byPath(await after.databases(isWanted, look));
  return [...new Set([...olds.keys(), ...news.keys()])].toSorted().flatMap((path) => {
    const [old, now] = [olds.get(path), news.get(path)];
    const any = now ?? old;
    if (any === undefined) return [];
    const records = read.get(path) ?? NOT_READ;
    const digest = old?.state?.digest ?? null;
    return {
      path,
      category: any.category,
      engine: any.engine,
      before: old?.state ?? null,
      after: now?.state ?? null,
      same: digest !== null && digest === now?.state?.digest && old?.engine === now.engine,
      ...(typeof records === 'string' ? NOT_READ : records),
      problem:
        problemOf(old, before, path) ??
        problemOf(now, after, path) ??
        twoEngines(old, now) ??
        (typeof records === 'string' ? records : null),
    };
  });
}

function byPath(databases: readonly SideDatabase[]): Map<string, SideDatabase> {
  return new Map(databases.map((database) => [database.path, database]));
}

function problemOf(database: SideDatabase | undefined, { backupId, unproven }: Side, path: string): string | null {
  if (database !== undefined || !unproven.has(path)) return database?.problem ?? null;
  return `${backupId} holds it as plain files, so it is not known which records it had`;
}

function twoEngines(old: SideDatabase | undefined, now: SideDatabase | undefined): string | null {
  if (old === undefined || now === undefined || old.engine === now.engine) return null;
  const [was, is] = [ENGINE_TITLES[old.engine], ENGINE_TITLES[now.engine]];
  return `it was a ${was} database and is a ${is} database now: their records have no common keys`;
}

/** A string says why the records were not compared. A database that changed while it was read is captured and read again by whoever opened it. */
async function unlessRefused(compare: () => Promise<RecordChanges>): Promise<RecordChanges | string> {
  try {
    return await compare();
  } catch (cause) {
    const error = fromSystemError(cause, 'its records could not be read');
    if (!(error instanceof BackupError) || error.code === 'INTERRUPTED' || error.code === 'DATABASE_BUSY') throw error;
    return error.message;
  }
}

async function compareRecords(
  before: ReadableDatabase,
  after: ReadableDatabase,
  signal: AbortSignal | undefined,
): Promise<RecordChanges> {
  const records = { added: 0, removed: 0, changed: 0, same: 0 };
  const listed = { removed: [] as RecordChange[], changed: [] as RecordChange[], added: [] as RecordChange[] };
  const note = (change: RecordChange['change'], key: Buffer): void => {
    records[change]++;
    if (listed[change].length < MAX_LISTED) listed[change].push({ key: keyText(key), change });
  };
  await mergeByKey(
    before,
    after,
    signal,
    (_, was, is) => {
      if (is === undefined) note('removed', was.key);
      else if (was.value.equals(is.value)) records.same++;
      else note('changed', was.key);
    },
    (is) => note('added', is.key),
  );
  // What is gone matters most, so it is not cut for what was changed.
  const changes = [...listed.removed, ...listed.changed, ...listed.added].slice(0, MAX_LISTED);
  return { records, changes, moreChanges: records.removed + records.changed + records.added - changes.length };
}
