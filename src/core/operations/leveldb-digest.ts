import fs from 'node:fs';
import path from 'node:path';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { LeveldbDigestReport } from '../model/leveldb-digest-report.ts';
import { escapeName } from '../paths/names.ts';
import { captureStore } from '../databases/leveldb/capture/capture.ts';
import { capturedStore } from '../databases/leveldb/capture/captured-database.ts';
import { readStore, type StoreFacts } from '../databases/leveldb/format/reader.ts';
import { recogniseStore } from '../databases/leveldb/format/recognise.ts';
import { openStoredStore } from './leveldb-digest/archived-database.ts';
import { startReport } from '../repository/report-head.ts';
import { select } from '../import-v1/open-backup.ts';

export interface LeveldbDigestOptions {
  /** A store's folder, or `BACKUP:category/source`, or `BACKUP:path/of/the/store`. */
  readonly store: string;
  readonly cwd: string;
}

/** A store that is being written is captured anew this often when a table goes before it was read. */
const CAPTURES = 5;

/**
 * What a store holds, by our own reader: LevelDB, which rewrites what it opens, is not involved, and a live store is read from a capture.
 * Throws LEVELDB_DAMAGED (file and offset), LEVELDB_FOREIGN, LEVELDB_BUSY, NO_SUCH_BACKUP, NOTHING_SELECTED, USAGE if it is no store.
 */
export async function leveldbDigest(
  project: Project,
  options: LeveldbDigestOptions,
  context: Context,
): Promise<LeveldbDigestReport> {
  const head = startReport(context);
  const dir = path.resolve(options.cwd, options.store);
  if (fs.existsSync(dir)) {
    const facts = await readOnDisk(dir, context);
    return { ...head(), ...describe(facts), store: dir, backupId: null, stated: null, agrees: null };
  }
  const { backup, store } = splitName(options.store);
  const selected = await select(project, backup, options.cwd, context);
  try {
    const stored = await openStoredStore(selected.folder, store, context);
    try {
      const facts = await readStore(stored.files, { signal: context.signal });
      const { stated } = stored;
      const agrees = stated === null ? null : stated.entries === facts.entries && stated.digest === facts.digest;
      return { ...head(), ...describe(facts), store: stored.path, backupId: selected.id, stated, agrees };
    } finally {
      stored.close();
    }
  } finally {
    selected.dispose();
  }
}

async function readOnDisk(dir: string, { signal }: Context): Promise<StoreFacts> {
  if (recogniseStore(dir) === null) {
    throw new BackupError('USAGE', `${escapeName(dir)} is no LevelDB store: it has no CURRENT and MANIFEST`, {
      hint: 'Give the folder that holds CURRENT, or BACKUP:category/source for a store in a backup.',
      path: dir,
    });
  }
  for (let attempt = 1; ; attempt++) {
    const capture = await captureStore(dir, { signal });
    try {
      return await readStore(capturedStore(capture), { signal });
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== 'LEVELDB_BUSY' || attempt === CAPTURES) throw error;
    } finally {
      capture.close();
    }
  }
}

/** `BACKUP:store`; the colon of a Windows drive is none of ours. */
function splitName(name: string): { backup: string; store: string } {
  const colon = name.indexOf(':', /^[A-Za-z]:[\\/]/.test(name) ? 2 : 0);
  if (colon > 0 && colon < name.length - 1) return { backup: name.slice(0, colon), store: name.slice(colon + 1) };
  throw new BackupError('USAGE', `there is no ${escapeName(name)}`, {
    hint: 'Give the folder of a LevelDB store, or BACKUP:category/source for a store in a backup.',
    path: name,
  });
}

function describe(facts: StoreFacts): Pick<LeveldbDigestReport, keyof StoreFacts & keyof LeveldbDigestReport> & {
  operation: 'leveldb digest';
} {
  const { comparator, entries, digest, lastSequence, tables, logs, keyBytes, valueBytes } = facts;
  const operation = 'leveldb digest' as const;
  return { operation, comparator, entries, digest, lastSequence, tables, logs, keyBytes, valueBytes };
}
