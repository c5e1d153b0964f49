import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { writeFileDurable } from '../fs/durable.ts';
import { readRegular } from '../fs/regular-file.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import { isForbidden } from '../paths/barred.ts';
import { journalSchema, sealedSchema, type Journal, type JournalInput } from './journal-schema.ts';
import { stateForbidden, statePaths } from './state-folder.ts';

/** Far more than a restore of a million files needs. */
const MAX_BYTES = 1 << 29;

/** Writes the intent durably, with its own hash. After a crash from here on, a recovery finishes the change or takes it back. */
export function writeJournal(root: string, journal: JournalInput): void {
  const { plan, transaction } = statePaths(root);
  const body = JSON.stringify({ ...journal, folder: identityOf(transaction) });
  writeFileDurable(plan, JSON.stringify({ sha256: sha256(body), body }));
}

/**
 * The journal of an unfinished restore, or null if there is no journal. Throws TRANSACTION_UNREADABLE instead of guessing. Throws IO if this user may
 * not look, so that it is unknown whether there is one.
 */
export function readJournal(root: string): Journal | null {
  const { transaction } = statePaths(root);
  return readJournalIn(transaction);
}

/** The journal in a transaction's folder, a finished one (`committed-<id>`) too. */
export function readJournalIn(transaction: string): Journal | null {
  const plan = path.join(transaction, 'plan.json');
  const aside = path.join(transaction, 'aside');
  let text: string;
  try {
    text = readRegular(plan, MAX_BYTES).toString('utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    if (isForbidden(error)) throw stateForbidden(error, plan);
    throw unreadable(plan, aside, error);
  }
  try {
    const outer = sealedSchema.parse(JSON.parse(text));
    if (sha256(outer.body) !== outer.sha256) throw new Error('its checksum differs');
    const journal = journalSchema.parse(JSON.parse(outer.body));
    if (!isHome(transaction, journal)) throw new Error('it was not written in this folder');
    return journal;
  } catch (error) {
    throw unreadable(plan, aside, error);
  }
}

function identityOf(folder: string): Journal['folder'] {
  const { ino, birthtimeNs } = fs.lstatSync(folder, { bigint: true });
  return { ino: String(ino), birthtimeNs: String(birthtimeNs) };
}

/** Some file systems renumber folders at each mount, others do not store a birth time. One of the two is enough, because nobody can choose either. */
function isHome(folder: string, { folder: written }: Journal): boolean {
  const found = identityOf(folder);
  return found.ino === written.ino || (found.birthtimeNs === written.birthtimeNs && found.birthtimeNs !== '0');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function unreadable(plan: string, aside: string, cause: unknown): BackupError {
  const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  return new BackupError(
    'TRANSACTION_UNREADABLE',
    `the journal of an unfinished restore is not trusted: ${plan}: ${why}`,
    {
      hint: `Nothing was changed. If a restore was killed here, copy ${aside} to another place first: it holds the content that was replaced, by number. If the journal came with a checkout or copy, remove ${path.dirname(plan)}.`,
      path: plan,
      cause,
    },
  );
}
