import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeTree } from '../fs/durable.ts';
import { BackupError } from '../model/backup-error.ts';
import type { DatabaseFacts } from '../model/database.ts';
import type { DatabaseFiles } from './database-files.ts';
import type { Engine, ProveOptions } from './engine.ts';
import type { CapturedFile } from './captured-file.ts';
import { damaged } from './damage.ts';

/** How often to capture a database that changes before it was read. */
const CAPTURES = 5;

/**
 * Captures a database on disk, which other processes may be writing, and reads the capture. Nothing is made beside the database.
 * @param place as `Engine` has it
 * @param read gets the captured files and a folder that it may make; both are gone afterwards. It is called again if the database changes meanwhile.
 * @throws as `Engine.capture`, and what `read` throws
 */
export async function readCaptured<T>(
  engine: Engine,
  place: string,
  read: (files: DatabaseFiles, scratch: string) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-read-'));
  try {
    for (let attempt = 1; ; attempt++) {
      const capture = await engine.capture(place, { signal, spool: path.join(scratch, 'spool') });
      try {
        return await read(capturedFiles(capture), path.join(scratch, 'copy'));
      } catch (error) {
        if (!(error instanceof BackupError) || error.code !== 'DATABASE_BUSY' || attempt === CAPTURES) throw error;
      } finally {
        capture.close();
      }
    }
  } finally {
    removeTree(scratch);
  }
}

/** What a database holds. A copy is opened only if the engine cannot tell as much without it. Throws as `Engine.prove`. */
export function readFacts(engine: Engine, files: DatabaseFiles, options: ProveOptions): Promise<DatabaseFacts> {
  return engine.inspect === null ? engine.prove(files, options) : engine.inspect(files, options.signal);
}

/** What a database on disk holds now. Throws as `readCaptured` and `Engine.prove`. */
export function readOnDisk(engine: Engine, place: string, signal: AbortSignal | undefined): Promise<DatabaseFacts> {
  return readCaptured(engine, place, (files, scratch) => readFacts(engine, files, { scratch, signal }), signal);
}

/** The files of a capture, as a reader wants them. They stay valid until the capture is closed, even if the database is written to meanwhile. */
function capturedFiles({ files }: { readonly files: readonly CapturedFile[] }): DatabaseFiles {
  const byName = new Map(files.map((file) => [file.name, file]));
  return {
    names: () => [...byName.keys()],
    open(name) {
      const file = byName.get(name);
      if (file === undefined) throw damaged(name, 'it is missing');
      return {
        size: file.size,
        read(position, length) {
          const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, file.size - position)));
          let done = 0;
          while (done < bytes.length) {
            const read = file.read(bytes, done, bytes.length - done, position + done);
            if (read === 0) break;
            done += read;
          }
          return bytes.subarray(0, done);
        },
        close: () => file.done(),
      };
    },
  };
}
