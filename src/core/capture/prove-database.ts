import path from 'node:path';
import { MemberFiles } from '../format/member-files.ts';
import { archivedFiles } from '../databases/archived-files.ts';
import type { ManifestDatabase } from '../model/database.ts';
import type { Archive } from '../model/manifest.ts';
import type { BackupJob } from './job.ts';
import type { CapturedDatabase } from './captured-database.ts';
import { aboutDatabase } from './database-error.ts';

/**
 * Proves a database from the archive it stands in, not from its source, and notes what is wrong in it. Throws PROOF_FAILED or DATABASE_DAMAGED
 * where it cannot be read.
 */
export async function proveDatabase(
  job: BackupJob,
  database: CapturedDatabase,
  archive: Archive,
): Promise<ManifestDatabase> {
  const { signal } = job.context;
  const { path: at, category, source, engine, members, how, attempts } = database;
  const content = new MemberFiles(path.join(job.folder, archive.file), archive);
  try {
    const files = archivedFiles(engine, at, members, (entry) => content.open(entry));
    const facts = await engine.prove(files, { scratch: `${job.folder}.scratch`, signal });
    for (const finding of engine.remarks(at, facts)) job.onFinding({ ...finding, path: at, category, source });
    return { path: at, ...facts, captured: { how, attempts, live: await database.live } };
  } catch (error) {
    throw aboutDatabase(error, database);
  } finally {
    await database.live;
    content.close();
  }
}
