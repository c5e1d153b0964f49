import path from 'node:path';
import { MemberFiles } from '../format/member-files.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Archive, ManifestDatabase } from '../model/manifest.ts';
import { archivedDatabase } from '../databases/leveldb/proof/archived-database.ts';
import { proveCopy } from '../databases/leveldb/proof/proof.ts';
import { readDatabase } from '../databases/leveldb/format/reader.ts';
import type { BackupJob } from './job.ts';
import type { CapturedDatabase } from './captured-database.ts';
import { aboutDatabase } from './database-error.ts';

/**
 * Proves a database from the archive it stands in, not from its source: our reader checks every CRC and counts, LevelDB itself opens
 * a scratch copy; both must agree. Throws PROOF_FAILED otherwise. Blocks that only we can read leave LevelDB out of `readers`.
 */
export async function proveDatabase(
  job: BackupJob,
  database: CapturedDatabase,
  archive: Archive,
): Promise<ManifestDatabase> {
  const { signal } = job.context;
  const members = new MemberFiles(path.join(job.folder, archive.file), archive);
  const scratch = `${job.folder}.scratch`;
  try {
    const files = archivedDatabase(database.members, (entry) => members.open(entry));
    const facts = await readDatabase(files, { signal });
    const readers: ManifestDatabase['readers'] = ['migbackup'];
    if (facts.records !== null && !onlyOursReads(facts.blockKinds)) {
      const other = await proveCopy(files, scratch, signal);
      if (other.records !== facts.records || other.digest !== facts.digest) {
        throw new BackupError(
          'PROOF_FAILED',
          `${database.path}: two readers of the captured database disagree (${facts.records} and ${other.records} records)`,
          {
            hint: 'No backup was made. Try again; if it happens again, stop the database and please report it.',
            path: database.path,
            details: { ours: { records: facts.records, digest: facts.digest }, classicLevel: other },
          },
        );
      }
      readers.push('classic-level');
    }
    const { comparator, records, digest, lastSequence, tables, logs } = facts;
    return {
      path: database.path,
      engine: 'leveldb',
      records,
      digest,
      comparator,
      lastSequence,
      tables,
      logs,
      captured: { attempts: database.attempts, live: await database.live },
      readers,
    };
  } catch (error) {
    throw aboutDatabase(error, database);
  } finally {
    await database.live;
    members.close();
  }
}

/** LevelDB as classic-level has it knows raw and Snappy blocks. */
function onlyOursReads(kinds: Readonly<Record<string, number | undefined>>): boolean {
  return Object.entries(kinds).some(
    ([kind, count]) => (count ?? 0) > 0 && kind !== 'raw' && kind !== 'none' && kind !== 'snappy',
  );
}
