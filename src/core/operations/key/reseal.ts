import { recordOperation } from '../../history/operation-log.ts';
import { BackupError, throwIfInterrupted } from '../../model/backup-error.ts';
import type { Project } from '../../model/category.ts';
import type { Context, KeysAtHand } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import type { KeyResealReport } from '../../model/key-report.ts';
import { escapeName } from '../../paths/names.ts';
import { fingerprintsOf, type Recipient } from '../../protection/recipients.ts';
import { sealKeys } from '../../protection/sealed-keys.ts';
import { openCopyKeys } from '../../repository/remotes/copy-keys.ts';
import { dataKey, resealedName } from '../../repository/remotes/layout.ts';
import { listCopies, lockOf, type Copy } from '../../repository/remotes/list-copies.ts';
import { chooseOnly, openRemote, recipientsFor } from '../../repository/remotes/open-remote.ts';
import { readAll, type Remote } from '../../repository/remotes/remote.ts';
import { selectCopy } from '../../repository/remotes/select-copy.ts';
import { startReport } from '../../repository/report-head.ts';
import { Owner } from '../../repository/whose.ts';

export interface ResealOptions {
  readonly selector: string | undefined;
  /** Every encrypted copy of this project there, instead of one. */
  readonly all: boolean;
  /** A name in the config. Undefined: the only remote of the config. */
  readonly remote: string | undefined;
  readonly copy: string | undefined;
  readonly insecure: boolean;
  /** Asked once, before anybody is given a key. It throws CONFIRMATION_REQUIRED. */
  readonly confirm: (plan: ResealPlan) => Promise<unknown>;
}

/** Who will be able to open what. */
export interface ResealPlan {
  readonly place: string;
  /** Fingerprints. */
  readonly recipients: readonly string[];
  readonly copies: number;
}

/**
 * Seals the keys of encrypted copies for the recipients that the config names now, beside the copies: nothing that is there is changed, and what is
 * encrypted is not sent again. Keys at hand have to open each. With `all`, a copy that they do not open is in the report. Throws USAGE, KEY_MISSING,
 * KEY_UNUSABLE, BACKUP_DAMAGED, CONFIRMATION_REQUIRED, NO_SUCH_REMOTE, NO_SUCH_BACKUP and the errors of a remote.
 */
export async function resealKeys(project: Project, options: ResealOptions, context: Context): Promise<KeyResealReport> {
  const head = startReport(context);
  const choice = chooseOnly(project.config, options.remote, 'Say which with --remote');
  const recipients = recipientsFor(choice);
  if (recipients === null)
    throw new BackupError('USAGE', `the config encrypts nothing in ${escapeName(choice.name)}`, {
      hint: 'Name the new keys in "encryptTo" of this remote in the config (docs/keys.md).',
    });
  const wanted = fingerprintsOf(recipients);
  const remote = await openRemote(choice, options.insecure, context);
  try {
    const owner = new Owner(project);
    const onNote = (message: string): void => context.onEvent?.({ type: 'note', message });
    const { selector = 'latest', copy: tag } = options;
    const chosen = options.all
      ? (await listCopies(remote)).copies.filter(({ statement }) => owner.ownsCopy(statement))
      : [await selectCopy(remote, owner, { selector, copy: tag, from: choice, onNote })];
    const copies = chosen.filter(({ statement }) => statement.encryption !== null);
    await options.confirm({ place: choice.place, recipients: wanted, copies: copies.length });
    const done: KeyResealReport['copies'] = [];
    const findings: Finding[] = [];
    for (const copy of copies) {
      throwIfInterrupted(context.signal);
      try {
        const outcome = await reseal(remote, copy, recipients, context.keys ?? {});
        done.push({ backupId: copy.id, tag: copy.tag, outcome, error: null });
        if (outcome === 'resealed') findings.push(...logReseal(project, copy, choice.key, wanted, context));
      } catch (error) {
        if (!options.all || !(error instanceof BackupError) || !OF_ONE_COPY.has(error.code)) throw error;
        const { code, message, hint } = error;
        done.push({ backupId: copy.id, tag: copy.tag, outcome: 'failed', error: { code, message, hint } });
      }
    }
    return {
      ...head(),
      operation: 'key-reseal',
      remote: choice.name,
      place: choice.place,
      recipients: wanted,
      status: done.some(({ outcome }) => outcome === 'failed') ? 'partial' : 'complete',
      copies: done,
      findings,
    };
  } finally {
    remote.close();
  }
}

/** What may be wrong with one copy and with no other. */
const OF_ONE_COPY: ReadonlySet<string> = new Set(['KEY_MISSING', 'BACKUP_DAMAGED']);

async function reseal(
  remote: Remote,
  copy: Copy,
  recipients: readonly Recipient[],
  keys: KeysAtHand,
): Promise<'resealed' | 'there'> {
  const { id, tag, statement } = copy;
  const wanted = fingerprintsOf(recipients);
  if (statement.encryption?.recipients.join(' ') === wanted.join(' ')) return 'there';
  const key = dataKey(id, tag, resealedName(wanted));
  if ((await remote.head(key)) !== null) return 'there';
  const { identity } = await openCopyKeys(remote, copy, keys);
  const sealed = await sealKeys(identity, recipients, keys);
  const lock = lockOf(copy);
  const stillLocked = lock !== null && lock.until > remote.now() ? lock : null;
  const written = await remote.putNew(key, sealed, stillLocked);
  const head = await remote.head(key);
  const there = head === null ? null : await readAll(remote, { key, ...head });
  // Who sealed it at the same time has sealed it to other bytes.
  if (written === 'there' && there !== null) return 'there';
  if (there?.equals(sealed) === true) return 'resealed';
  throw new BackupError('REMOTE_FAILED', `${escapeName(remote.place)} stored something else than it was sent: ${key}`, {
    hint: 'Run the command again. If that stays so, do not use this server.',
    path: remote.place,
  });
}

function logReseal(
  project: Project,
  { id, tag }: Copy,
  place: string,
  recipients: readonly string[],
  context: Context,
): Finding[] {
  const none = { planHash: null, safetyId: null, transactionId: null };
  const record = { operation: 'key-reseal', backupId: id, ...none, exit: 0, resealed: { place, tag, recipients } };
  return recordOperation(project, record, context);
}
