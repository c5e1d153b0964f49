import { z } from './zod.ts';

const count = z.int().nonnegative();
const sha = z.string().regex(/^[0-9a-f]{64}$/);

/** Which readers agreed on records and digest. */
const readers = z.array(z.enum(['migbackup', 'classic-level', 'sqlite']));

const leveldbFacts = {
  engine: z.literal('leveldb'),
  /** Live entries; null if bytes and CRCs were verified but entries were not counted (a foreign comparator). */
  records: count.nullable(),
  /** Digest v1 of the live entries, hex; null as above. */
  digest: sha.nullable(),
  comparator: z.string(),
  lastSequence: count,
  tables: count,
  logs: count,
  readers,
};

const sqliteFacts = {
  engine: z.literal('sqlite'),
  /** Rows of all tables; null if they cannot be read, and then `integrity` or `notProven` says why. */
  records: count.nullable(),
  /** SHA3-256 over schema and content in hex, as the sqlite3 shell prints it for `.sha3sum --sha3-256 --schema`; null as above. */
  digest: sha.nullable(),
  /** Rows by table; one called `__proto__` is stated as `\__proto__` (docs/format.md). */
  tables: z.record(z.string(), count),
  journalMode: z.string(),
  /** Bytes. */
  pageSize: count,
  userVersion: z.int(),
  /** What `PRAGMA integrity_check` says, at most 100 lines; empty if the database is sound. A line from another check begins with `migbackup: ` or `SQLite: `. */
  integrity: z.array(z.string()),
  /** Rows that `PRAGMA foreign_key_check` names; null if not checked, because the database is not sound or for a reason in `notProven`. */
  foreignKeys: count.nullable(),
  /** What could not be counted, read or checked, one sentence each: for example a virtual table, or a collation that only the application has. */
  notProven: z.array(z.string()),
  readers,
};

const leveldbSchema = z.object(leveldbFacts);
const sqliteSchema = z.object(sqliteFacts);

/** What reading a whole database found, by engine. */
export const databaseFactsSchema = z.discriminatedUnion('engine', [leveldbSchema, sqliteSchema]);

/** What reading a whole database found, as the manifest states it. */
export type LeveldbFacts = z.infer<typeof leveldbSchema>;
export type SqliteFacts = z.infer<typeof sqliteSchema>;
export type DatabaseFacts = LeveldbFacts | SqliteFacts;

const placed = {
  /** Project-relative: the folder of a LevelDB database, or the database file of a SQLite database. */
  path: z.string(),
  captured: z.looseObject({
    /** `read`: from file descriptors alone; `backup-api`: by the engine's own backup function. */
    how: z.enum(['read', 'backup-api']),
    attempts: count,
    live: z.enum(['yes', 'no', 'unknown']),
  }),
};

export const manifestDatabaseSchema = z.discriminatedUnion('engine', [
  z.looseObject({ ...placed, ...leveldbFacts }),
  z.looseObject({ ...placed, ...sqliteFacts }),
]);
export type ManifestDatabase = z.infer<typeof manifestDatabaseSchema>;
