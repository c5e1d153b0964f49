import type { SqliteFacts } from '../../../model/database.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import { type OpenCopy, withCopy } from './copy.ts';
import { readContent } from './digest.ts';
import { checkIntegrity, ours, type Soundness, virtualTables } from './integrity.ts';
import { notHere } from './not-here.ts';

/** The facts of a copy. Another process can be asked for them too (`factsApart`). @throws BackupError as `proveSqlite` */
export function factsOfCopy(file: string): Promise<SqliteFacts> {
  return withCopy(file, (copy) => factsOf(copy, undefined));
}

/** @param withheld why nothing of what the schema computes may be computed, as part of a sentence */
export async function factsOf(
  copy: OpenCopy,
  signal: AbortSignal | undefined,
  withheld?: string,
): Promise<SqliteFacts> {
  const content = await readContent(copy, signal, withheld);
  throwIfInterrupted(signal);
  const { integrity, notChecked } = soundness(copy, content.tangled, withheld);
  if (copy.malformed !== null) integrity.unshift(`SQLite: ${copy.malformed}`);
  const isChecked = integrity.length === 0 && withheld === undefined;
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
    foreignKeys: isChecked ? foreignKeys(copy, notProven) : null,
    notProven,
    readers: ['migbackup', 'sqlite'],
  };
}

function soundness(copy: OpenCopy, tangled: readonly string[], withheld: string | undefined): Soundness {
  if (tangled.length > 0) return { integrity: tangled.map(ours), notChecked: [] };
  if (withheld === undefined) return checkIntegrity(copy);
  return { integrity: [], notChecked: [`SQLite checks neither integrity nor foreign keys: ${withheld}.`] };
}

function pragma({ db }: OpenCopy, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** How many rows refer to a row that does not exist; null if SQLite cannot tell. */
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
