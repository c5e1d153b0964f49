import { readFacts } from '../../databases/read-on-disk.ts';
import type { Project } from '../../model/category.ts';
import type { DbDigestReport } from '../../model/db-digest-report.ts';
import type { Context } from '../../model/event.ts';
import { startReport } from '../../repository/report-head.ts';
import { readDatabase } from './open-database.ts';

export interface DbDigestOptions {
  /** A path, or `BACKUP:category/source`, or `BACKUP:path/of/the/database`. */
  readonly database: string;
  readonly cwd: string;
}

/** Reads what a database holds, and compares it with what the manifest states if the database is in a backup. A live database is read from a capture. */
export async function dbDigest(project: Project, options: DbDigestOptions, context: Context): Promise<DbDigestReport> {
  const head = startReport(context);
  return readDatabase(options.database, { project, cwd: options.cwd, context }, async (database) => {
    const { engine, path, backupId, stated, files, scratch } = database;
    const facts = await readFacts(engine, files, { scratch, signal: context.signal });
    const agrees = stated === null ? null : stated.records === facts.records && stated.digest === facts.digest;
    const findings = engine.remarks(path, facts);
    return { ...head(), operation: 'db digest', database: path, backupId, facts, stated, agrees, findings };
  });
}
