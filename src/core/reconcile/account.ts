/*
 * Room "reconcile": whether every record of an old state is accounted for in a new one. It only reads.
 */
import { Pacer } from '../concurrency/pacer.ts';
import { throwIfInterrupted } from '../model/backup-error.ts';
import type { Accounted, NewDocument, OldRecord, Rules } from './accounted.ts';
import { Accounting } from './accounting.ts';

export * from './accounted.ts';

/**
 * Accounts for each record by its places in the documents: those of the rules, or else those that hold for most records. Pure. Of more than MAX_RECORDS
 * records the others are `unsearched`, and so are records that nest deeper than 1000 or have more than 100,000 values.
 */
export function account(
  records: readonly OldRecord[],
  documents: readonly NewDocument[],
  rules: Rules = {},
): Accounted {
  const accounting = new Accounting(records, documents, rules);
  for (const _ of accounting.steps());
  return accounting.result();
}

/** The same, but it lets others have the event loop between records. Throws INTERRUPTED. */
export async function accountInTurns(
  records: readonly OldRecord[],
  documents: readonly NewDocument[],
  rules: Rules,
  signal: AbortSignal | undefined,
): Promise<Accounted> {
  const pacer = new Pacer();
  throwIfInterrupted(signal);
  const accounting = new Accounting(records, documents, rules);
  for (const _ of accounting.steps()) {
    if (!pacer.due()) continue;
    await pacer.turn();
    throwIfInterrupted(signal);
  }
  return accounting.result();
}

/** The places of an accounting as rules. With them, the same records against the same documents are accounted for in the same way. */
export function rulesOfPlaces({ places }: Pick<Accounted, 'places'>): Rules {
  return { places };
}
