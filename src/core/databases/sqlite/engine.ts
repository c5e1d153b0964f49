import type { DatabaseFacts } from '../../model/database.ts';
import { ENGINE_SHAPES, ENGINE_TITLES } from '../../model/engine-name.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import { escapeName } from '../../paths/names.ts';
import type { Engine } from '../engine.ts';
import { isSqliteFile, isSqlitePart, mayBeSqlitePart } from './recognise.ts';

const OWN_TABLE = /^sqlite_/i;
const PARTS = ['', '-journal', '-shm', '-wal'] as const;

/** SQLite: a file, with a journal beside it while some changes are not in the file yet. Its code is loaded when it is needed. */
export const SQLITE: Engine = {
  name: 'sqlite',
  title: ENGINE_TITLES.sqlite,
  byHand: (file) => `sqlite3 ${file} 'pragma integrity_check' '.sha3sum --sha3-256 --schema'`,
  shape: ENGINE_SHAPES.sqlite,
  marker: '',
  isFolder: () => false,
  isBroken: () => false,
  isRemains: () => false,
  isFile: isSqliteFile,
  isPart: isSqlitePart,
  mayBePart: mayBeSqlitePart,
  partOf(database, path) {
    const part = path.startsWith(database) ? path.slice(database.length) : null;
    return PARTS.find((each) => each === part) ?? null;
  },
  pathOf: (database, part) => database + part,
  parts: PARTS,
  isVolatile: (part) => part === '-shm',
  async capture(place, options) {
    const { captureSqlite } = await import('./capture/capture.ts');
    return captureSqlite(place, options);
  },
  async prove(files, options) {
    const { proveSqlite } = await import('./proof/proof.ts');
    return proveSqlite(files, options);
  },
  inspect: null,
  remarks,
  async *records(files, options) {
    const { sqliteRecords } = await import('./proof/records.ts');
    yield* sqliteRecords(files, options);
  },
  // No other table may have such a name (sqlite.org/fileformat2.html, "Internal Schema Objects").
  isOwnRecord: (key) => OWN_TABLE.test(key.toString('latin1', 0, 7)),
  async tables(files, options) {
    const [{ sqliteTables }, { tablePrefix }] = await Promise.all([
      import('./proof/records.ts'),
      import('./proof/record-key.ts'),
    ]);
    const tables = await sqliteTables(files, options);
    return tables.map(({ name, rows }) => ({ name, records: rows, prefix: tablePrefix(name) }));
  },
  async whoHolds(place) {
    const { whoHoldsSqlite } = await import('./holder.ts');
    return whoHoldsSqlite(place);
  },
  // Every reader and writer locks a part of this file. It is never made, because an empty file would be an empty database.
  lockOf: (place) => ({ file: place, make: false }),
};

function remarks(database: string, facts: DatabaseFacts): Finding[] {
  if (facts.engine !== 'sqlite') return [];
  const { integrity, foreignKeys, notProven } = facts;
  const found: Finding[] = [];
  if (integrity.length > 0) {
    const first = integrity[0] ?? '';
    const says = /^(?:migbackup|SQLite): /.test(first) ? '' : 'PRAGMA integrity_check says: ';
    const more = integrity.length > 1 ? ` (and ${integrity.length - 1} more)` : '';
    found.push({
      code: 'database-unsound',
      severity: 'warning',
      message: `${escapeName(database)}: ${says}${escapeName(first)}${more}`,
      recommendation: 'The backup holds it as it is. Repair a copy of it (sqlite3 FILE .recover) before the migration.',
      evidence: { integrity },
    });
  }
  if (foreignKeys !== null && foreignKeys > 0) {
    found.push({
      code: 'database-unsound',
      severity: 'warning',
      message: `${escapeName(database)}: ${plural(foreignKeys, 'row refers', 'rows refer')} to rows that are not there (PRAGMA foreign_key_check)`,
      recommendation: 'The backup holds it as it is. Check whether the application intends that.',
      evidence: { foreignKeys },
    });
  }
  if (notProven.length > 0) {
    found.push({
      code: 'database-partly-proven',
      severity: 'warning',
      message: `${escapeName(database)}: ${notProven.map((line) => escapeName(line)).join(' ')}`,
      recommendation: 'Check with the application that owns the database that it can read what is named here.',
      evidence: { notProven },
    });
  }
  return found;
}
