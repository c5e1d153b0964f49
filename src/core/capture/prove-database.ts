import path from 'node:path';
import { MemberFiles } from '../format/member-files.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Archive, LeveldbFacts } from '../model/manifest.ts';
import { archivedStore } from '../databases/leveldb/proof/archived-database.ts';
import { proveCopy } from '../databases/leveldb/proof/proof.ts';
import { readStore } from '../databases/leveldb/format/reader.ts';
import type { BackupJob } from './job.ts';
import type { CapturedStore } from './captured-database.ts';
import { aboutStore } from './database-error.ts';

/**
 * Proves a store from the archive it stands in, not from its source: our reader checks every CRC and counts, LevelDB itself opens
 * a scratch copy; both must agree. Throws PROOF_FAILED otherwise. Blocks that only we can read leave LevelDB out of `readers`.
 */
export async function proveStore(job: BackupJob, store: CapturedStore, archive: Archive): Promise<LeveldbFacts> {
  const { signal } = job.context;
  const members = new MemberFiles(path.join(job.folder, archive.file), archive);
  const scratch = `${job.folder}.scratch`;
  try {
    const files = archivedStore(store.members, (entry) => members.open(entry));
    const facts = await readStore(files, { signal });
    const readers: LeveldbFacts['readers'] = ['migbackup'];
    if (facts.entries !== null && !onlyOursReads(facts.blockKinds)) {
      const other = await proveCopy(files, scratch, signal);
      if (other.entries !== facts.entries || other.digest !== facts.digest) {
        throw new BackupError(
          'PROOF_FAILED',
          `${store.path}: two readers of the captured store disagree (${facts.entries} and ${other.entries} entries)`,
          {
            hint: 'No backup was made. Try again; if it happens again, stop the database and please report it.',
            path: store.path,
            details: { ours: { entries: facts.entries, digest: facts.digest }, classicLevel: other },
          },
        );
      }
      readers.push('classic-level');
    }
    const { comparator, entries, digest, lastSequence, tables, logs } = facts;
    return {
      path: store.path,
      comparator,
      entries,
      digest,
      lastSequence,
      tables,
      logs,
      captured: { attempts: store.attempts, live: await store.live },
      readers,
    };
  } catch (error) {
    throw aboutStore(error, store);
  } finally {
    await store.live;
    members.close();
  }
}

/** LevelDB as classic-level has it knows raw and Snappy blocks. */
function onlyOursReads(kinds: Readonly<Record<string, number | undefined>>): boolean {
  return Object.entries(kinds).some(
    ([kind, count]) => (count ?? 0) > 0 && kind !== 'raw' && kind !== 'none' && kind !== 'snappy',
  );
}
