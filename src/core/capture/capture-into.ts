import { createHash } from 'node:crypto';
import { BackupError } from '../model/backup-error.ts';
import { comparePaths, modeWithoutMask, type Entry, type ScannedEntry } from '../model/entry.ts';
import { escapeName } from '../paths/names.ts';
import { captureDatabase, type CapturedFile, type DatabaseCapture } from '../databases/leveldb/capture/capture.ts';
import { foreign } from '../databases/leveldb/format/damage.ts';
import { whoHolds } from '../databases/leveldb/capture/holder.ts';
import type { DatabaseItem } from '../scan/scan-item.ts';
import type { BackupJob } from './job.ts';
import type { ArchiveWriter } from '../format/archive-writer.ts';
import type { CapturedDatabase } from './captured-database.ts';
import { aboutDatabase } from './database-error.ts';

/** What a capture needs of the writer of a category: its archive, and what is known of each member that was written. */
interface MemberWriter {
  readonly job: BackupJob;
  readonly archive: ArchiveWriter;
  /** Stores one ordinary entry. */
  entry(entry: ScannedEntry): Promise<void>;
  /** Index, sums and counts for a member that has been written. */
  note(entry: Entry): void;
  /** Lets others go on, where that is due. */
  yieldIfDue(): Promise<void>;
}

/** How often a database that does not hold still is tried again. */
const CAPTURES = 5;

/**
 * Captures a database, which may be written to meanwhile, straight into the archive, its files and what else its folder holds in the one
 * order of paths. Throws DATABASE_DAMAGED, DATABASE_FOREIGN or DATABASE_BUSY with what to do: a database is never stored in part.
 */
export async function captureInto(writer: MemberWriter, item: DatabaseItem): Promise<CapturedDatabase> {
  const { job } = writer;
  let live: CapturedDatabase['live'] | undefined;
  const place = { path: item.path, category: item.source.category, source: item.source.name };
  try {
    if (item.engine === 'rocksdb') throw foreign(item.path, 'an OPTIONS or IDENTITY file says that it is RocksDB’s');
    live = isLive(item.dir);
    const capture = await capturePatiently(job, item.dir);
    try {
      const members = await copyAll(writer, item, capture);
      noteOrphans(job, item, capture);
      return { ...place, members, attempts: capture.attempts, live };
    } finally {
      capture.close();
    }
  } catch (error) {
    // Its scratch folder goes with its answer.
    await live;
    throw aboutDatabase(error, place);
  }
}

async function isLive(dir: string): CapturedDatabase['live'] {
  try {
    return (await whoHolds(dir)).held;
  } catch {
    return 'unknown';
  }
}

async function copyAll(writer: MemberWriter, item: DatabaseItem, capture: DatabaseCapture): Promise<Entry[]> {
  const files = new Map(capture.files.map((file) => [`${item.path}/${file.name}`, file]));
  const entries = [
    ...item.others,
    ...capture.files.map((file) => engineEntry(item, file, writer.job.groupRights)),
  ].toSorted((a, b) => comparePaths(a.path, b.path));
  const members: Entry[] = [];
  for (const entry of entries) {
    const file = files.get(entry.path);
    if (file === undefined) await writer.entry(entry);
    else members.push(await copy(writer, entry, file));
  }
  return members;
}

async function capturePatiently({ folder, context }: BackupJob, dir: string): Promise<DatabaseCapture> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await captureDatabase(dir, { signal: context.signal, spool: `${folder}.spool` });
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== 'DATABASE_BUSY' || attempt === CAPTURES) throw error;
    }
  }
}

function engineEntry(item: DatabaseItem, file: CapturedFile, groupRights: BackupJob['groupRights']): ScannedEntry {
  const { size, mtimeNs, uid, gid } = file;
  const path = `${item.path}/${file.name}`;
  const mode = modeWithoutMask(file.mode, groupRights.get(path));
  return {
    category: item.source.category,
    source: item.source.name,
    path,
    type: 'file',
    size,
    mode,
    mtimeNs,
    uid,
    gid,
  };
}

async function copy(writer: MemberWriter, entry: ScannedEntry, file: CapturedFile): Promise<Entry> {
  const { archive } = writer;
  const offset = archive.begin(entry);
  const hash = createHash('sha256');
  for (let done = 0; done < file.size;) {
    const room = archive.reserve();
    const read = file.read(room, 0, Math.min(room.length, file.size - done), done);
    if (read === 0) break;
    hash.update(room.subarray(0, read));
    archive.commit(read);
    done += read;
    if (archive.needsDrain) await archive.drain();
    await writer.yieldIfDue();
  }
  archive.end();
  file.done();
  const stored = { ...entry, sha256: hash.digest('hex'), offset };
  writer.note(stored);
  return stored;
}

function noteOrphans(job: BackupJob, item: DatabaseItem, capture: DatabaseCapture): void {
  if (capture.orphans.length === 0) return;
  job.onFinding({
    code: 'database-orphans',
    severity: 'info',
    message: `${escapeName(item.path)}: ${capture.orphans.length} engine files belong to no state of the database and are left out`,
    path: item.path,
    category: item.source.category,
    source: item.source.name,
    affects: capture.orphans.map((name) => `${item.path}/${name}`),
  });
}
