import type { DatabaseFacts, ManifestDatabase } from './database.ts';
import type { FindingCode } from './finding-codes.ts';
import type { Manifest, ManifestCategory } from './manifest.ts';

/** Every database that was proven when the backup was taken. */
export function databasesOf({ categories }: Pick<Manifest, 'categories'>): ManifestDatabase[] {
  return Object.values(categories).flatMap((category) => databasesIn(category));
}

/** The same for one category. */
export function databasesIn({ sources }: Pick<ManifestCategory, 'sources'>): ManifestDatabase[] {
  return sources.flatMap(({ databases }) => databases ?? []);
}

const UNPROVEN: readonly string[] = ['database-foreign', 'database-not-proven'] satisfies FindingCode[];

/** Paths of the databases that a backup holds as plain files, so that nobody knows which records they had. */
export function unprovenDatabases({ findings }: Pick<Manifest, 'findings'>): Set<string> {
  return new Set(findings.flatMap(({ code, path }) => (UNPROVEN.includes(code) && path !== undefined ? [path] : [])));
}

/** Nearly every LevelDB database is sorted by this, so only another comparator is named. */
const BYTEWISE = 'leveldb.BytewiseComparator';

/** What is worth saying about a database beside its records and digest, one phrase each. Names in it are not escaped; a terminal needs that. */
export function databaseDetails(database: DatabaseFacts): string[] {
  if (database.engine === 'leveldb') {
    const { tables, logs, comparator } = database;
    return [
      `${tables} ${tables === 1 ? 'table' : 'tables'}`,
      `${logs} ${logs === 1 ? 'log' : 'logs'}`,
      ...(comparator === BYTEWISE ? [] : [`comparator ${comparator}`]),
    ];
  }
  const tables = Object.keys(database.tables).length;
  return [
    `${tables} ${tables === 1 ? 'table' : 'tables'}`,
    `journal mode ${database.journalMode}`,
    ...(database.integrity.length === 0 ? [] : ['not sound']),
    ...(database.notProven.length === 0 ? [] : ['not proven in full']),
  ];
}
