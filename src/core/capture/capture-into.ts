import { createHash } from 'node:crypto';
import { comesBack, storedTime } from '../fs/clock.ts';
import { BackupError } from '../model/backup-error.ts';
import { comparePaths, modeWithoutMask, type Entry, type ScannedEntry } from '../model/entry.ts';
import { plural } from '../model/plural.ts';
import type { CapturedFile } from '../databases/captured-file.ts';
import type { Capture, Engine } from '../databases/engine.ts';
import { escapeName } from '../paths/names.ts';
import { isInside } from '../paths/paths.ts';
import { timeNotKept, toFinding } from '../scan/scan-messages.ts';
import type { DatabaseItem } from '../scan/scan-item.ts';
import type { BackupJob } from './job.ts';
import type { ArchiveWriter } from '../format/archive-writer.ts';
import type { CapturedDatabase } from './captured-database.ts';
import { aboutDatabase } from './database-error.ts';

/** What a capture needs from the writer of a category: the archive, and a place to record each member that was written. */
interface MemberWriter {
  readonly job: BackupJob;
  readonly archive: ArchiveWriter;
  /** Stores one ordinary entry. */
  entry(entry: ScannedEntry): Promise<void>;
  /** Adds a written member to the index, the sums and the counts. */
  note(entry: Entry): void;
  /** Lets other work go on, if that is due. */
  yieldIfDue(): Promise<void>;
}

/** How often to try a database that keeps changing. */
const CAPTURES = 5;

/** A capture with parts that are still to be written, each at its turn in the order of paths. */
export interface OpenCapture {
  readonly database: CapturedDatabase;
  /** Writes the part at a path, if the capture has one. */
  part(path: string): Promise<void>;
  /** Releases what the capture holds. May be called twice. */
  close(): void;
}

/**
 * Captures a database, which may be in use, straight into the archive. Of a database that is a folder it writes all files, mixed with whatever else
 * is in the folder, in the order of paths. Of one that is a file it writes that file, and the parts beside it when `part` is called. Throws
 * DATABASE_DAMAGED, DATABASE_FOREIGN or DATABASE_BUSY, with what to do: a database is never stored in part.
 */
export async function captureInto(writer: MemberWriter, item: DatabaseItem): Promise<OpenCapture> {
  const { job } = writer;
  const { engine, path, source } = item;
  const place = { path, category: source.category, source: source.name, engine };
  const live = isLive(engine, item.place);
  try {
    const capture = await capturePatiently(job, item);
    try {
      const members: Entry[] = [];
      const files = new Map(capture.files.map((file) => [engine.pathOf(path, file.name), file]));
      const write = async (at: string): Promise<void> => {
        const file = files.get(at);
        if (file === undefined) return;
        members.push(await copy(writer, engineEntry(item, at, file, job.groupRights), file));
        if (!comesBack(file.mtimeNs)) job.onFinding(toFinding(timeNotKept(at), at, source.category, source.name));
      };
      await copyInOrder(writer, item, files, write);
      noteCapture(job, item, capture);
      const { how, attempts } = capture;
      return {
        database: { ...place, members, how, attempts, live },
        part: write,
        close: () => capture.close(),
      };
    } catch (error) {
      capture.close();
      throw error;
    }
  } catch (error) {
    // The question uses a scratch folder, which it removes when it is answered.
    await live;
    throw aboutDatabase(error, place);
  }
}

async function isLive(engine: Engine, place: string): CapturedDatabase['live'] {
  try {
    return (await engine.whoHolds(place)).held;
  } catch {
    return 'unknown';
  }
}

/** Writes everything that is at or below the database's own path. */
async function copyInOrder(
  writer: MemberWriter,
  { path, others }: DatabaseItem,
  files: ReadonlyMap<string, CapturedFile>,
  write: (path: string) => Promise<void>,
): Promise<void> {
  const plain = new Map(others.map((entry) => [entry.path, entry]));
  const inside = [...files.keys()].filter((at) => isInside(at, path));
  for (const at of [...plain.keys(), ...inside].toSorted(comparePaths)) {
    const entry = plain.get(at);
    if (entry === undefined) await write(at);
    else await writer.entry(entry);
  }
}

async function capturePatiently({ folder, context }: BackupJob, { engine, place }: DatabaseItem): Promise<Capture> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await engine.capture(place, { signal: context.signal, spool: `${folder}.spool` });
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== 'DATABASE_BUSY' || attempt === CAPTURES) throw error;
    }
  }
}

function engineEntry(
  item: DatabaseItem,
  path: string,
  file: CapturedFile,
  groupRights: BackupJob['groupRights'],
): ScannedEntry {
  const { size, mtimeNs, uid, gid } = file;
  const mode = modeWithoutMask(file.mode, groupRights.get(path));
  return {
    category: item.source.category,
    source: item.source.name,
    path,
    type: 'file',
    size,
    mode,
    mtimeNs: storedTime(mtimeNs),
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

function noteCapture(job: BackupJob, { path, engine, source, place }: DatabaseItem, capture: Capture): void {
  const { doubts } = capture;
  // A file that only has the name of a part is an ordinary file, not an orphan.
  const orphans = capture.orphans.filter((part) => engine.mayBePart(engine.pathOf(place, part), part));
  const about = { path, category: source.category, source: source.name };
  if (orphans.length > 0) {
    job.onFinding({
      code: 'database-orphans',
      severity: 'info',
      message: `${escapeName(path)}: ${plural(orphans.length, 'file')} of the engine ${orphans.length === 1 ? 'belongs to no state of the database and is' : 'belong to no state of the database and are'} left out`,
      affects: orphans.map((name) => engine.pathOf(path, name)),
      ...about,
    });
  }
  for (const doubt of doubts)
    job.onFinding({ code: 'database-doubt', severity: 'warning', message: `${escapeName(path)}: ${doubt}`, ...about });
}
