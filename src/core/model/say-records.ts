import type { DatabaseFacts } from './database.ts';
import type { EngineName } from './engine-name.ts';

/** What a text says about a database whose records were not counted, by engine. */
const NOT_COUNTED: Readonly<Record<EngineName, string>> = {
  // With a foreign comparator, only the application knows the order of the keys, and so which of them are live.
  leveldb: 'bytes and CRCs verified, not counted',
  sqlite: 'not counted',
};

type Counted = Pick<DatabaseFacts, 'engine' | 'records'>;

/** `1 record`, `12 records`, or that they were not counted. */
export function sayRecords({ engine, records }: Counted): string {
  if (records === null) return NOT_COUNTED[engine];
  return records === 1 ? '1 record' : `${records} records`;
}

/** The same for several databases: `12 records; 1 database: bytes and CRCs verified, not counted`. @param proven add `proven` to what was counted */
export function sayRecordsOf(databases: readonly Counted[], proven: boolean): string {
  const counted = databases.filter(({ records }) => records !== null);
  const sum = counted.reduce((total, { records }) => total + (records ?? 0), 0);
  const [first] = counted;
  const others = Map.groupBy(
    databases.filter(({ records }) => records === null),
    sayRecords,
  );
  const said = [...others].map(([words, { length }]) =>
    databases.length === 1 ? words : `${length} ${length === 1 ? 'database' : 'databases'}: ${words}`,
  );
  if (first === undefined) return said.join('; ');
  return [`${sayRecords({ ...first, records: sum })}${proven ? ', proven' : ''}`, ...said].join('; ');
}
