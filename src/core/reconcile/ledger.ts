import { RECORD_STATUSES, type RecordStatus } from '../model/record-status.ts';
import type { AccountedRecord } from './accounted.ts';
import { Marks } from './marks.ts';

/** The mark of a record that has no answer yet. */
export const OPEN = 0;

/** The mark of a record with a status. */
export function markOf(status: RecordStatus): number {
  return RECORD_STATUSES.indexOf(status) + 1;
}

export const FOUND = markOf('found');

/** Step 3 holds all records and documents in memory. */
export const MAX_SEARCHED = 200_000;
export const MAX_SEARCHED_BYTES = 128 << 20;

/** Of a database with more records, only those that are not found are listed. */
export const MAX_LISTED = 100_000;

/** What is known of each record so far, by its number in the order of the old database. */
export class Ledger {
  readonly marks = new Marks();
  /** Records of which more is known than that they are found. */
  readonly judged = new Map<number, AccountedRecord>();
  /** Paths of the new databases in which keys were found, and how many. */
  readonly sameKey = new Map<string, number>();
  /** In which of them a record has its key: the position in `sameKey` plus 1. */
  readonly keyIn = new Marks();
  /** How many records there are; 0 before they are counted. */
  entries = 0;

  count(mark: number): number {
    let count = 0;
    for (let number = 0; number < this.entries; number++) if (this.marks.get(number) === mark) count++;
    return count;
  }

  /** How many records have their key in no new database. */
  countKeyless(): number {
    let count = 0;
    for (let number = 0; number < this.entries; number++) if (this.keyIn.get(number) === 0) count++;
    return count;
  }

  statusOf(number: number): RecordStatus {
    return RECORD_STATUSES[this.marks.get(number) - 1] ?? 'unsearched';
  }

  judge(number: number, record: AccountedRecord): void {
    this.marks.set(number, markOf(record.status));
    this.judged.set(number, record);
  }

  /** How many records have each status. */
  counts(): Record<RecordStatus, number> {
    const count = (status: RecordStatus): number => this.count(markOf(status));
    return {
      found: count('found'),
      explained: count('explained'),
      'by-value': count('by-value'),
      folded: count('folded'),
      changed: count('changed'),
      scattered: count('scattered'),
      partly: count('partly'),
      missing: count('missing'),
      unsearched: count('unsearched') + this.count(OPEN),
    };
  }
}
