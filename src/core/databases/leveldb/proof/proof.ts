import { removeTree } from '../../../fs/durable.ts';
import { BackupError, throwIfInterrupted } from '../../../model/backup-error.ts';
import { DatabaseDigest } from './digest.ts';
import type { DatabaseFiles } from '../../database-files.ts';
import { requireRoom } from '../../scratch-room.ts';
import { makeScratch, scratchBytes } from './scratch.ts';

const BATCH = 1000;
const HIGH_WATER_MARK = 1024 * 1024;
/** LevelDB maps every open table into memory. This is the least that it accepts (64 tables of 2 MiB); its default is a thousand. */
const MAX_OPEN_FILES = 74;

/**
 * Copies a database into `scratchDir`, which must not exist, has LevelDB read it there, and removes the copy.
 * @param source its files in an archive, or a folder that is ours (unpacked, restored): its tables are linked where that works
 * @throws BackupError NO_SPACE before anything is written, PROOF_FAILED, INTERRUPTED
 */
export async function proveCopy(
  source: DatabaseFiles | string,
  scratchDir: string,
  signal?: AbortSignal,
): Promise<{ records: number; digest: string }> {
  const bytes = scratchBytes(source);
  // One and a half times the size, because LevelDB may compact what it opens.
  requireRoom(bytes + Math.ceil(bytes / 2), scratchDir);
  try {
    makeScratch(source, scratchDir, { link: true });
    return await proveWithClassicLevel(scratchDir, signal);
  } finally {
    removeTree(scratchDir);
  }
}

/**
 * Opens a scratch copy with LevelDB itself (classic-level) and reads all of it. LevelDB rewrites what it opens: never call
 * this on a source, a target or a stored backup, only on what `makeScratch` made.
 * @throws BackupError PROOF_FAILED if LevelDB does not open or read it, INTERRUPTED
 */
export async function proveWithClassicLevel(
  scratchDir: string,
  signal?: AbortSignal,
): Promise<{ records: number; digest: string }> {
  // Loaded only here, because it is native code that most commands do not need.
  const { ClassicLevel } = await import('classic-level');
  const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
  const db = new ClassicLevel<Buffer, Buffer>(scratchDir, {
    ...encodings,
    createIfMissing: false,
    maxOpenFiles: MAX_OPEN_FILES,
  });
  try {
    await db.open();
    const digest = new DatabaseDigest();
    const iterator = db.iterator({ ...encodings, fillCache: false, highWaterMarkBytes: HIGH_WATER_MARK });
    for (;;) {
      const entries = await iterator.nextv(BATCH);
      if (entries.length === 0) break;
      for (const [key, value] of entries) digest.add(key, key.length, value, 0, value.length);
      throwIfInterrupted(signal);
    }
    return { records: digest.records, digest: digest.finish() };
  } catch (error) {
    if (error instanceof BackupError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BackupError('PROOF_FAILED', `LevelDB cannot read the copy: ${why}`, {
      hint: 'Take another backup, and do not change the database until one is proven: the copy in this backup is not usable.',
      path: scratchDir,
      cause: error,
    });
  } finally {
    await db.close();
  }
}
