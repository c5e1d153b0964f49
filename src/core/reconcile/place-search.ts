import { keyText } from '../databases/key-text.ts';
import type { ReadableDatabase } from '../databases/merge-by-key.ts';
import { accountInTurns } from './account.ts';
import type { Accounted, OldRecord } from './accounted.ts';
import type { ReadDocument } from './documents.ts';
import { type Ledger, MAX_LISTED, MAX_SEARCHED, MAX_SEARCHED_BYTES, OPEN } from './ledger.ts';
import type { NewReader } from './new-reader.ts';
import type { RuleUse } from './rule-use.ts';
import { Ties } from './ties.ts';
import { parseValue } from './value.ts';
import type { Verbatim } from './verbatim.ts';

export interface Searched {
  /** Null if nothing was searched. */
  readonly accounted: Accounted | null;
  /** Why nothing was searched; null if there was nothing to search, or everything was. */
  readonly limit: string | null;
}

/**
 * Step 3: all records that have their key in no new database vote for places, and those that step 2 did not find are judged.
 * @param verbatim null if step 2 was not taken
 */
export async function searchPlaces(
  old: ReadableDatabase,
  reader: NewReader,
  ledger: Ledger,
  rules: RuleUse,
  verbatim: Verbatim | null,
  signal: AbortSignal | undefined,
): Promise<Searched> {
  const open = ledger.count(OPEN);
  if (open === 0) return { accounted: null, limit: null };
  // If there are too many to vote, those that are left vote alone.
  const isWhole = ledger.countKeyless() <= MAX_SEARCHED;
  if (!isWhole && open > MAX_SEARCHED)
    return { accounted: null, limit: `${open} records are left to search, and step 3 takes ${MAX_SEARCHED}` };
  const shared = new Set(ledger.sameKey.keys());
  const documents = await documentsFor(old, reader, shared, verbatim);
  if (documents === null) {
    const most = `${MAX_SEARCHED_BYTES >> 20} MiB`;
    return { accounted: null, limit: `more than ${most} of documents are left to search, and step 3 takes no more` };
  }
  const records: OldRecord[] = [];
  const numbers: number[] = [];
  let number = 0;
  for await (const batch of old.engine.records(old.files, { scratch: old.scratch, signal }))
    for (const { key, value } of batch) {
      const at = number++;
      if (ledger.keyIn.get(at) !== 0 || (!isWhole && ledger.marks.get(at) !== OPEN)) continue;
      numbers.push(at);
      records.push({ key: keyText(key), value: parseValue(value) });
    }
  const accounted = await accountInTurns(records, documents, rules.rules, signal);
  const isUnsure = reader.unread.length > 0;
  const ties = new Ties(records, documents, shared);
  for (const [at, judged] of accounted.records.entries()) {
    const each = numbers[at] ?? 0;
    if (ledger.marks.get(each) !== OPEN) continue;
    const taken = records[at];
    if (taken === undefined) continue;
    const record = ties.judge(judged, taken, verbatim?.standingOf(each) === 'misplaced');
    // It may be in what could not be read, also if a rule says that it is gone.
    const isGone = record.status === 'explained' && record.rule?.startsWith('gone ') === true;
    if (isUnsure && (isGone || ['missing', 'scattered', 'partly'].includes(record.status))) continue;
    ledger.judge(each, record);
    if (record.status === 'found' && ledger.entries > MAX_LISTED) ledger.judged.delete(each);
  }
  return { accounted, limit: null };
}

/** What is looked through; if that is too much, without what step 2 has found whole. Null if that is too much, too. */
async function documentsFor(
  old: ReadableDatabase,
  reader: NewReader,
  shared: ReadonlySet<string>,
  verbatim: Verbatim | null,
): Promise<ReadDocument[] | null> {
  const isLeft = (document: ReadDocument): boolean => verbatim?.isUsed(document) !== true;
  let documents: ReadDocument[] | null = [];
  let isSome = false;
  let bytes = 0;
  await reader.eachBatch(old, shared, (batch) => {
    if (documents === null) return;
    for (const document of isSome ? batch.filter(isLeft) : batch) {
      documents.push(document);
      bytes += document.bytes;
    }
    if (bytes > MAX_SEARCHED_BYTES && !isSome) {
      isSome = true;
      documents = documents.filter(isLeft);
      bytes = documents.reduce((sum, document) => sum + document.bytes, 0);
    }
    if (bytes > MAX_SEARCHED_BYTES) documents = null;
  });
  return documents;
}
