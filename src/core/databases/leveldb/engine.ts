import path from 'node:path';
import { BackupError } from '../../model/backup-error.ts';
import { ENGINE_SHAPES, ENGINE_TITLES } from '../../model/engine-name.ts';
import type { LeveldbFacts } from '../../model/database.ts';
import type { DatabaseFiles } from '../database-files.ts';
import { foreignDatabase } from '../others.ts';
import type { DatabaseRecord, Engine, ProveOptions, RecordsOptions } from '../engine.ts';
import { isEngineFile, isRemainsOfDatabase, isVolatileFile, LOCK_FILE, recogniseDatabase } from './format/recognise.ts';

/** LevelDB: a folder, read by our own reader and a second time by LevelDB itself. Its code is loaded when it is needed. */
export const LEVELDB: Engine = {
  name: 'leveldb',
  title: ENGINE_TITLES.leveldb,
  byHand: () => null,
  shape: ENGINE_SHAPES.leveldb,
  marker: 'CURRENT',
  isFolder: (place, names) => recogniseDatabase(place, names) !== null && foreignDatabase(place, names) === null,
  isBroken: (names) => names.some((name) => isEngineFile(name) && !isVolatileFile(name)),
  isRemains: isRemainsOfDatabase,
  isFile: () => false,
  isPart: () => false,
  mayBePart: () => true,
  partOf(database, path) {
    if (!path.startsWith(`${database}/`)) return null;
    const name = path.slice(database.length + 1);
    return isEngineFile(name) ? name : null;
  },
  pathOf: (database, part) => `${database}/${part}`,
  parts: null,
  isVolatile: isVolatileFile,
  async capture(place, options) {
    const { captureDatabase } = await import('./capture/capture.ts');
    return { ...(await captureDatabase(place, options)), how: 'read', doubts: [] };
  },
  prove,
  async inspect(files, signal) {
    const { readDatabase } = await import('./format/reader.ts');
    return stated(await readDatabase(files, { signal }), ['migbackup']);
  },
  remarks: () => [],
  records,
  isOwnRecord: () => false,
  tables: null,
  async whoHolds(place) {
    const { whoHolds } = await import('./capture/holder.ts');
    return whoHolds(place);
  },
  lockOf: (place) => ({ file: path.join(place, LOCK_FILE), make: true }),
};

/**
 * Our reader checks every CRC and counts; LevelDB opens a scratch copy and counts too. Both must agree. If a table has blocks that only we can read,
 * LevelDB is not asked and not in `readers`.
 */
async function prove(files: DatabaseFiles, { scratch, signal }: ProveOptions): Promise<LeveldbFacts> {
  const [{ readDatabase }, { proveCopy }] = await Promise.all([
    import('./format/reader.ts'),
    import('./proof/proof.ts'),
  ]);
  const facts = await readDatabase(files, { signal });
  if (facts.records === null || onlyOursReads(facts.blockKinds)) return stated(facts, ['migbackup']);
  const other = await proveCopy(files.ours ?? files, scratch, signal);
  if (other.records !== facts.records || other.digest !== facts.digest) {
    throw new BackupError(
      'PROOF_FAILED',
      `two readers of the database disagree (${facts.records} and ${other.records} records)`,
      {
        hint: 'Try again. If it happens again, stop the application that uses the database and report it.',
        details: { ours: { records: facts.records, digest: facts.digest }, classicLevel: other },
      },
    );
  }
  return stated(facts, ['migbackup', 'classic-level']);
}

type Found = Omit<LeveldbFacts, 'engine' | 'readers'>;

function stated({ records, digest, comparator, lastSequence, tables, logs }: Found, readers: LeveldbFacts['readers']) {
  return { engine: 'leveldb', records, digest, comparator, lastSequence, tables, logs, readers } as const;
}

/** The LevelDB in classic-level reads only raw and Snappy blocks. */
function onlyOursReads(kinds: Readonly<Record<string, number | undefined>>): boolean {
  return Object.entries(kinds).some(
    ([kind, count]) => (count ?? 0) > 0 && kind !== 'raw' && kind !== 'none' && kind !== 'snappy',
  );
}

async function* records(files: DatabaseFiles, options: RecordsOptions): AsyncGenerator<readonly DatabaseRecord[]> {
  const { readRecords } = await import('./format/reader.ts');
  yield* readRecords(files, options);
}
