import { removeTree } from '../../../fs/durable.ts';
import type { SqliteFacts } from '../../../model/database.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import type { DatabaseFiles } from '../../database-files.ts';
import type { ProveOptions } from '../../engine.ts';
import { asDamage, type OpenCopy, openCopy } from './copy.ts';
import { readContent } from './digest.ts';
import { checkIntegrity, ours, virtualTables } from './integrity.ts';
import { notHere } from './not-here.ts';
import { makeScratch } from './scratch.ts';

/**
 * Copies a database into `scratch`, which must not exist, has SQLite recover and check it there, and reads all of it.
 * @throws BackupError NO_SPACE, DATABASE_DAMAGED where nothing of it can be read, INTERRUPTED
 */
export async function proveSqlite(files: DatabaseFiles, options: ProveOptions): Promise<SqliteFacts> {
  try {
    const copy = openCopy(await makeScratch(files, options));
    try {
      return await factsOf(copy, options.signal);
    } catch (error) {
      throw asDamage(error);
    } finally {
      copy.close();
    }
  } finally {
    removeTree(options.scratch);
  }
}

async function factsOf(copy: OpenCopy, signal: AbortSignal | undefined): Promise<SqliteFacts> {
  const content = await readContent(copy, signal);
  throwIfInterrupted(signal);
  const { integrity, notChecked } =
    content.tangled.length > 0 ? { integrity: content.tangled.map(ours), notChecked: [] } : checkIntegrity(copy);
  if (copy.malformed !== null) integrity.unshift(`SQLite: ${copy.malformed}`);
  const isSound = integrity.length === 0;
  const isRead = content.digest !== null && copy.malformed === null;
  const notProven = [...content.unread, ...notChecked, ...virtualTables(copy)];
  throwIfInterrupted(signal);
  return {
    engine: 'sqlite',
    records: isRead ? Object.values(content.tables).reduce((sum, rows) => sum + rows, 0) : null,
    digest: isRead ? content.digest : null,
    tables: content.tables,
    journalMode: String(pragma(copy, 'journal_mode')),
    pageSize: copy.file.pageSize,
    userVersion: Number(pragma(copy, 'user_version')),
    integrity: integrity.slice(0, 100),
    foreignKeys: isSound ? foreignKeys(copy, notProven) : null,
    notProven,
    readers: ['migbackup', 'sqlite'],
  };
}

function pragma({ db }: OpenCopy, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** Rows that refer to none; null: SQLite cannot tell. */
function foreignKeys({ db }: OpenCopy, notProven: string[]): number | null {
  try {
    const statement = db.prepare("SELECT count(*) AS n FROM temp.pragma_foreign_key_check(NULL, 'main')");
    return Number(statement.get()?.['n'] ?? 0);
  } catch (error) {
    const why = notHere(error) ?? (error instanceof Error ? error.message : String(error));
    notProven.push(`Foreign keys cannot be checked: ${why}.`);
    return null;
  }
}
