import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { removeTree } from '../fs/durable.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { LeveldbDigestReport } from '../model/leveldb-digest-report.ts';
import { pathWord, shellLine } from '../model/shell-quote.ts';
import { escapeName } from '../paths/names.ts';
import { captureDatabase } from '../databases/leveldb/capture/capture.ts';
import { capturedDatabase } from '../databases/leveldb/capture/captured-database.ts';
import { readDatabase, type DatabaseFacts } from '../databases/leveldb/format/reader.ts';
import { recogniseDatabase } from '../databases/leveldb/format/recognise.ts';
import { openArchivedDatabase } from './leveldb-digest/database-in-backup.ts';
import { startReport } from '../repository/report-head.ts';
import { select } from '../import-v1/open-backup.ts';

export interface LeveldbDigestOptions {
  /** A database's folder, or `BACKUP:category/source`, or `BACKUP:path/of/the/database`. */
  readonly database: string;
  readonly cwd: string;
}

/** A database that is being written is captured anew this often when a table goes before it was read. */
const CAPTURES = 5;

/**
 * What a database holds, by our own reader: LevelDB, which rewrites what it opens, is not involved, and a live database is read from a capture.
 * Throws DATABASE_DAMAGED (file and offset), DATABASE_FOREIGN, DATABASE_BUSY, NO_SUCH_BACKUP, NOTHING_SELECTED, USAGE if it is no database.
 */
export async function leveldbDigest(
  project: Project,
  options: LeveldbDigestOptions,
  context: Context,
): Promise<LeveldbDigestReport> {
  const head = startReport(context);
  const dir = path.resolve(options.cwd, options.database);
  if (fs.existsSync(dir)) {
    const facts = await readOnDisk(dir, context).catch((error: unknown) => {
      throw withRaw(error, project.root, dir);
    });
    return { ...head(), ...describe(facts), database: dir, backupId: null, stated: null, agrees: null };
  }
  const { backup, database } = splitName(options.database);
  const selected = await select(project, backup, options.cwd, context);
  try {
    const stored = await openArchivedDatabase(selected.folder, database, context);
    try {
      const facts = await readDatabase(stored.files, { signal: context.signal });
      const { stated } = stored;
      const agrees = stated === null ? null : stated.records === facts.records && stated.digest === facts.digest;
      return { ...head(), ...describe(facts), database: stored.path, backupId: selected.id, stated, agrees };
    } finally {
      stored.close();
    }
  } finally {
    selected.dispose();
  }
}

async function readOnDisk(dir: string, { signal }: Context): Promise<DatabaseFacts> {
  if (recogniseDatabase(dir) === null) {
    throw new BackupError('USAGE', `${escapeName(dir)} is no LevelDB database: it has no CURRENT and MANIFEST`, {
      hint: 'Give the folder that holds CURRENT, or BACKUP:category/source for a database in a backup.',
      path: dir,
    });
  }
  // What there are too few descriptors for is copied aside.
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-digest-'));
  try {
    for (let attempt = 1; ; attempt++) {
      const capture = await captureDatabase(dir, { signal, spool: path.join(scratch, 'spool') });
      try {
        return await readDatabase(capturedDatabase(capture), { signal });
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

const REFUSALS: readonly string[] = ['DATABASE_DAMAGED', 'DATABASE_FOREIGN', 'DATABASE_BUSY'];

/** A refusal of a database of the project says how to keep it all the same. */
function withRaw(error: unknown, root: string, dir: string): unknown {
  const inside = path.relative(root, dir);
  if (!(error instanceof BackupError) || !REFUSALS.includes(error.code)) return error;
  if (inside === '' || inside.startsWith('..') || path.isAbsolute(inside)) return error;
  const raw = shellLine(['--raw', pathWord(inside.split(path.sep).join('/'))]);
  return new BackupError(error.code, error.message, {
    hint: `${error.hint} With ${raw}, create stores it as plain files, unproven.`,
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.details === undefined ? {} : { details: error.details }),
    cause: error,
  });
}

/** `BACKUP:database`; the colon of a Windows drive is none of ours. */
function splitName(name: string): { backup: string; database: string } {
  const colon = name.indexOf(':', /^[A-Za-z]:[\\/]/.test(name) ? 2 : 0);
  if (colon > 0 && colon < name.length - 1) return { backup: name.slice(0, colon), database: name.slice(colon + 1) };
  throw new BackupError('USAGE', `there is no ${escapeName(name)}`, {
    hint: 'Give the folder of a LevelDB database, or BACKUP:category/source for a database in a backup.',
    path: name,
  });
}

/** What was read, as the report says it. */
function describe(facts: DatabaseFacts) {
  const { comparator, records, digest, lastSequence, tables, logs, keyBytes, valueBytes } = facts;
  return {
    operation: 'leveldb digest',
    engine: 'leveldb',
    records,
    digest,
    comparator,
    lastSequence,
    tables,
    logs,
    keyBytes,
    valueBytes,
  } as const;
}
