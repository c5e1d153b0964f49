import type { DatabaseFacts, ManifestDatabase } from './database.ts';
import type { Manifest, ManifestCategory } from './manifest.ts';

/** Every database that was proven when the backup was taken. */
export function databasesOf({ categories }: Pick<Manifest, 'categories'>): ManifestDatabase[] {
  return Object.values(categories).flatMap((category) => databasesIn(category));
}

/** The same of one category. */
export function databasesIn({ sources }: Pick<ManifestCategory, 'sources'>): ManifestDatabase[] {
  return sources.flatMap(({ databases }) => databases ?? []);
}

/** What nearly every LevelDB is sorted by: only another comparator is worth a word. */
const BYTEWISE = 'leveldb.BytewiseComparator';

/** What is worth saying of a database beside its records and digest, a phrase each. Names in it are as they are: a terminal wants them escaped. */
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
