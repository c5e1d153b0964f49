import { createHash } from 'node:crypto';
import { BackupError, errnoOf } from '../../model/backup-error.ts';
import { comparePaths, type Entry, type ScannedEntry } from '../../model/entry.ts';
import { escapeName } from '../../fs/names.ts';
import { captureStore, type CapturedFile, type StoreCapture } from '../../sources/leveldb/capture.ts';
import { whoHolds } from '../../sources/leveldb/holder.ts';
import type { StoreItem } from '../../sources/scan-item.ts';
import type { BackupJob } from './job.ts';
import type { CategoryWriter } from './write-category.ts';

/** A store that stands in the archive, not yet proven. */
export interface CapturedStore {
  readonly path: string;
  readonly source: string;
  readonly members: readonly Entry[];
  readonly attempts: number;
  readonly live: 'yes' | 'no' | 'unknown';
}

/** A store that vanishes a table's worth of times while it is copied is captured anew this often. */
const CAPTURES = 5;

/**
 * Captures a store, which may be written to meanwhile, straight into the archive, its files and what else its folder holds in the one
 * order of paths. Throws LEVELDB_DAMAGED, LEVELDB_FOREIGN or LEVELDB_BUSY with what to do: a database is never stored in part.
 */
export async function captureInto(writer: CategoryWriter, item: StoreItem): Promise<CapturedStore | null> {
  const { job } = writer;
  if (item.engine === 'rocksdb') {
    throw new BackupError(
      'LEVELDB_FOREIGN',
      `${escapeName(item.path)} is a RocksDB store: it cannot be captured while in use, nor proven`,
      {
        hint: `Stop what uses it, then store it as plain files with --raw ${item.source.category}/${item.source.name}.`,
        path: item.path,
      },
    );
  }
  const holder = await whoHolds(item.dir);
  const { capture, attempts } = await captureWithHint(job, item);
  try {
    const files = new Map(capture.files.map((file) => [`${item.path}/${file.name}`, file]));
    const entries = [...item.others, ...capture.files.map((file) => engineEntry(item, file))].toSorted((a, b) =>
      comparePaths(a.path, b.path),
    );
    const members: Entry[] = [];
    for (const entry of entries) {
      const file = files.get(entry.path);
      if (file === undefined) await writer.entry(entry);
      else members.push(await copy(writer, entry, file));
    }
    noteOrphans(job, item, capture);
    return { path: item.path, source: item.source.name, members, attempts, live: holder.held };
  } finally {
    capture.close();
  }
}

async function captureWithHint(job: BackupJob, item: StoreItem): Promise<{ capture: StoreCapture; attempts: number }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const capture = await captureStore(item.dir, { signal: job.context.signal, spool: `${job.folder}.spool` });
      return { capture, attempts: capture.attempts };
    } catch (error) {
      if (!(error instanceof BackupError)) throw readError(error, item);
      if (error.code === 'LEVELDB_BUSY' && attempt < CAPTURES) continue;
      if (error.code !== 'LEVELDB_DAMAGED') throw error;
      throw new BackupError(
        'LEVELDB_DAMAGED',
        `the LevelDB store ${escapeName(item.path)} is damaged: ${error.message}`,
        {
          hint: `It is not backed up as a good one. To keep it as it is before a repair: --raw ${item.source.category}/${item.source.name}.`,
          path: error.path ?? item.path,
          cause: error,
        },
      );
    }
  }
}

function readError(error: unknown, item: StoreItem): unknown {
  const code = errnoOf(error);
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new BackupError(
    'SOURCE_UNREADABLE',
    `${escapeName(item.path)}: a file of the store may not be read by this user`,
    {
      hint: 'Run as a user who may read it, or change its permissions.',
      path: item.path,
      cause: error,
    },
  );
}

function engineEntry(item: StoreItem, file: CapturedFile): ScannedEntry {
  const { size, mode, mtimeNs, uid, gid } = file;
  return {
    category: item.source.category,
    source: item.source.name,
    path: `${item.path}/${file.name}`,
    type: 'file',
    size,
    mode,
    mtimeNs,
    uid,
    gid,
  };
}

async function copy(writer: CategoryWriter, entry: ScannedEntry, file: CapturedFile): Promise<Entry> {
  const { archive } = writer;
  const offset = archive.begin(entry);
  const hash = createHash('sha256');
  for (let done = 0; done < file.size;) {
    const room = archive.room();
    const read = file.read(room, 0, Math.min(room.length, file.size - done), done);
    if (read === 0) break;
    hash.update(room.subarray(0, read));
    archive.advance(read);
    done += read;
    if (archive.pressed) await archive.drain();
  }
  archive.end();
  file.done();
  const stored = { ...entry, sha256: hash.digest('hex'), offset };
  writer.note(stored);
  return stored;
}

function noteOrphans(job: BackupJob, item: StoreItem, capture: StoreCapture): void {
  if (capture.orphans.length === 0) return;
  job.onFinding({
    code: 'store-orphans',
    severity: 'info',
    message: `${escapeName(item.path)}: ${capture.orphans.length} engine files belong to no state of the database and are left out`,
    path: item.path,
    category: item.source.category,
    source: item.source.name,
    affects: capture.orphans.map((name) => `${item.path}/${name}`),
  });
}
