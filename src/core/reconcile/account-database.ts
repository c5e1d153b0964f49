import type { Engine } from '../databases/engine.ts';
import { keyText } from '../databases/key-text.ts';
import type { ReadableDatabase } from '../databases/merge-by-key.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Context } from '../model/event.ts';
import type { RecordStatus } from '../model/record-status.ts';
import { pointerTo } from '../records/json.ts';
import type { Accounted, AccountedRecord, Rules } from './accounted.ts';
import type { Unread } from './documents.ts';
import { KeySearch } from './key-search.ts';
import { FOUND, Ledger, markOf, MAX_LISTED, OPEN } from './ledger.ts';
import { NewReader } from './new-reader.ts';
import type { NewState } from './new-state.ts';
import { searchPlaces } from './place-search.ts';
import { RuleUse } from './rule-use.ts';
import { leavesOf, parseValue } from './value.ts';
import { Verbatim } from './verbatim.ts';

/** A database of a backup, with its path in the project. */
export interface OldDatabase extends ReadableDatabase {
  readonly path: string;
}

/** What became of the records of a database. */
export interface AccountedDatabase {
  readonly entries: number;
  readonly counts: Record<RecordStatus, number>;
  /** In the order of the database. */
  readonly records: readonly AccountedRecord[];
  /** How many are not in `records`. */
  readonly moreRecords: number;
  /** Path of a new database -> how many records have their key in it. */
  readonly sameKey: ReadonlyMap<string, number>;
  readonly places: Readonly<Record<string, readonly string[]>>;
  readonly withoutPlace: readonly string[];
  readonly learnedFrom: number;
  readonly ruleProblems: readonly string[];
  readonly unread: readonly Unread[];
  /** Why records are `unsearched`, if it is not for what is in `unread`. */
  readonly limit: string | null;
}

/**
 * Accounts for every record of a database in the new state, in three steps (docs/records.md): the same key in a database of the same engine, the same value
 * somewhere, the places where values of its kind stand. The first two take a few bytes of memory for each record. Throws as `Engine.records`, and
 * BACKUP_DAMAGED if the old database cannot be read.
 * @param root absolute path of the project
 */
export async function accountDatabase(
  root: string,
  database: OldDatabase,
  news: NewState,
  rules: Rules | undefined,
  context: Context,
): Promise<AccountedDatabase> {
  const { signal } = context;
  const old = { ...database, engine: blamingTheBackup(database.engine) };
  const reader = new NewReader(root, news, context);
  const use = new RuleUse(rules);
  const ledger = new Ledger();
  const keys = new KeySearch(old, ledger, use, signal);
  await keys.run(reader);
  const verbatim = await lookForValues(old, reader, ledger, use, signal);
  const { accounted, limit } = await searchPlaces(old, reader, ledger, use, verbatim, signal);
  for (const record of ledger.judged.values()) use.note(record);
  refuse(ledger, use.exceeded());
  const records = await list(old, ledger, verbatim, signal);
  const { places = {}, withoutPlace = [], learnedFrom = 0, ruleProblems = [] } = merged(keys.learned, accounted) ?? {};
  return {
    entries: ledger.entries,
    counts: ledger.counts(),
    records,
    moreRecords: ledger.entries - records.length,
    sameKey: ledger.sameKey,
    places,
    withoutPlace,
    learnedFrom,
    ruleProblems: [...use.problems(), ...ruleProblems],
    unread: reader.unread,
    limit,
  };
}

/** What steps 1 and 3 say together of places. One that has found no place says nothing of a field that has one in the other. */
function merged(first: Accounted | null, third: Accounted | null): Omit<Accounted, 'records' | 'unread'> | null {
  if (first === null || third === null) return first ?? third;
  const fields = [...new Set([...Object.keys(first.places), ...Object.keys(third.places)])];
  const patterns = (field: string): string[] => [
    ...new Set([...(first.places[field] ?? []), ...(third.places[field] ?? [])]),
  ];
  const without = [first, third].flatMap(({ places, withoutPlace }) =>
    Object.keys(places).length > 0 ? withoutPlace : withoutPlace.filter((field) => !fields.includes(field)),
  );
  return {
    places: Object.fromEntries(fields.map((field) => [field, patterns(field)])),
    withoutPlace: [...new Set(without)],
    learnedFrom: first.learnedFrom + third.learnedFrom,
    // At a place of a rule something stands if one of them says so.
    ruleProblems: third.ruleProblems.filter((problem) => first.ruleProblems.includes(problem)),
  };
}

/** Step 2, which also counts the records. Null if there is nothing to look for, or if something was read only in part. */
async function lookForValues(
  old: ReadableDatabase,
  reader: NewReader,
  ledger: Ledger,
  use: RuleUse,
  signal: AbortSignal | undefined,
): Promise<Verbatim | null> {
  if (ledger.entries > 0 && ledger.count(OPEN) === 0) return null;
  const shared = new Set(ledger.sameKey.keys());
  const verbatim = new Verbatim(MAX_LISTED, shared);
  let number = 0;
  for await (const batch of old.engine.records(old.files, { scratch: old.scratch, signal }))
    for (const { key, value } of batch) {
      use.see(value);
      const at = number++;
      if (ledger.marks.get(at) === OPEN) verbatim.take(at, key, value);
    }
  ledger.entries = number;
  if (ledger.count(OPEN) === 0) return null;
  if (!(await reader.eachBatch(old, shared, (batch) => verbatim.look(batch)))) return null;
  // Rules say where values have to stand: that they stand somewhere is not enough.
  if (use.rules.places !== undefined) return verbatim;
  for (let at = 0; at < ledger.entries; at++)
    if (ledger.marks.get(at) === OPEN) {
      const standing = verbatim.standingOf(at);
      if (standing === 'found' || standing === 'by-value') ledger.marks.set(at, markOf(standing));
    }
  return verbatim;
}

/** Takes back what rules explain that match more than they say. */
function refuse(ledger: Ledger, rules: readonly string[]): void {
  for (const [number, { rule, ...record }] of rules.length === 0 ? [] : ledger.judged)
    if (record.status === 'explained' && rules.includes(rule ?? ''))
      ledger.judge(number, { ...record, status: 'missing' });
}

/** The records for the report: all, or of a large database those that are not found. */
async function list(
  old: ReadableDatabase,
  ledger: Ledger,
  verbatim: Verbatim | null,
  signal: AbortSignal | undefined,
): Promise<AccountedRecord[]> {
  const records: AccountedRecord[] = [];
  const isAll = ledger.entries <= MAX_LISTED;
  if (!isAll && ledger.count(FOUND) === ledger.entries) return records;
  const databases = [...ledger.sameKey.keys()];
  const found = (number: number, key: string, bytes: Buffer, status: 'found' | 'by-value'): AccountedRecord => {
    const file = databases[ledger.keyIn.get(number) - 1];
    const place = file === undefined ? verbatim?.placeOf(number) : { file, pointer: pointerTo(key) };
    const values = leavesOf(parseValue(bytes)).map(({ path, value: was }) => ({
      path,
      status,
      was,
      at: place === undefined ? [] : [{ file: place.file, pointer: place.pointer + path }],
    }));
    return { key, status, values };
  };
  let number = 0;
  for await (const batch of old.engine.records(old.files, { scratch: old.scratch, signal }))
    for (const { key, value } of batch) {
      const at = number++;
      const status = ledger.statusOf(at);
      if (records.length >= MAX_LISTED || (!isAll && status === 'found')) continue;
      const judged = ledger.judged.get(at);
      if (judged !== undefined) records.push(judged);
      else if (status === 'found' || status === 'by-value') records.push(found(at, keyText(key), value, status));
      else records.push({ key: keyText(key), status, values: [] });
    }
  return records;
}

/** If the database of the backup cannot be read, the backup is to blame, and not what is read beside it. */
function blamingTheBackup(engine: Engine): Engine {
  return {
    ...engine,
    async *records(files, options) {
      try {
        yield* engine.records(files, options);
      } catch (error) {
        if (!(error instanceof BackupError) || !error.code.startsWith('DATABASE_')) throw error;
        throw new BackupError('BACKUP_DAMAGED', `the database in the backup cannot be read: ${error.message}`, {
          hint: error.hint,
          cause: error,
        });
      }
    },
  };
}
