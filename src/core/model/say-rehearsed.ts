import type { AnyFinding } from './finding.ts';
import type { FindingCode } from './finding-codes.ts';
import { plural } from './plural.ts';
import type { VerifyReport } from './verify-report.ts';

/** Findings about databases that no engine opens: their order of keys or their format is foreign, or they were stored as plain files. */
const NOT_OPENED: ReadonlySet<string> = new Set<FindingCode>(['database-not-opened', 'database-not-proven']);
const NAMED = 5;

/**
 * What a rehearsal opened and what it did not: `1 of 2 databases opened (8 records), not leveldb; 21 JSON files parsed`. Paths in it are not escaped; a terminal
 * needs that.
 * @param findings of the verification
 */
export function sayRehearsed(
  { databases, records, jsonFiles }: NonNullable<VerifyReport['scope']['rehearsed']>,
  findings: readonly AnyFinding[],
): string {
  const closed = findings
    .flatMap(({ code, path }) => (NOT_OPENED.has(code) && path !== undefined ? [path] : []))
    .toSorted();
  const counted = databases === 0 ? '' : ` (${plural(records, 'record')})`;
  const more = closed.length > NAMED ? ` and ${closed.length - NAMED} more` : '';
  const parsed = `${plural(jsonFiles, 'JSON file')} parsed`;
  if (closed.length > 0) {
    const not = `${closed.slice(0, NAMED).join(', ')}${more}`;
    return `${databases} of ${plural(databases + closed.length, 'database')} opened${counted}, not ${not}; ${parsed}`;
  }
  return `${databases === 0 ? 'no database to open' : `${plural(databases, 'database')} opened${counted}`}, ${parsed}`;
}
