/** What became of a record of an old state: the words of `reconcile`, in the order in which it prints them. */
export const RECORD_STATUSES = [
  'found',
  'explained',
  'by-value',
  'folded',
  'changed',
  'scattered',
  'partly',
  'missing',
  'unsearched',
] as const;
export type RecordStatus = (typeof RECORD_STATUSES)[number];

/** Those that leave nothing to explain, from the best to the worst. With `--strict` only the first two count. */
export const ACCOUNTED_FOR: readonly RecordStatus[] = ['found', 'explained', 'by-value', 'folded'];

export function isAccountedFor(status: RecordStatus, strict = false): boolean {
  return (strict ? ACCOUNTED_FOR.slice(0, 2) : ACCOUNTED_FOR).includes(status);
}
