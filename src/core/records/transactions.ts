import { isBomb, own, parsedOrNothing } from './json.ts';

/**
 * What a list of transactions lists, each entry as one text: the lines of a journal of Ignition; the transactions and receipts of a run of Foundry. Null for
 * anything else, and for a file that does not parse.
 */
export function transactionsIn(path: string, bytes: Buffer): string[] | null {
  if (isBomb(bytes)) return null;
  if (path.endsWith('journal.jsonl'))
    return bytes
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const run = parsedOrNothing(bytes);
  const several = own(run, 'deployments');
  const lists = (Array.isArray(several) ? several : [run]).flatMap((sequence: unknown) =>
    ['transactions', 'receipts', 'pending'].map((key) => own(sequence, key) ?? []),
  );
  if (!lists.every(Array.isArray) || lists.every((list) => list.length === 0)) return null;
  return lists.flat().map((entry: unknown) => JSON.stringify(entry));
}
