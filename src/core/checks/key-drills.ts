import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Finding } from '../model/finding.ts';
import type { KnownCopy } from '../model/list-report.ts';
import { shellLine } from '../model/shell-quote.ts';
import type { CheckResult } from '../model/validate-report.ts';
import { escapeName } from '../paths/names.ts';
import { operationsIfReadable } from '../repository/pushed-copies.ts';

/** Where a copy is known to be. */
type PlaceOfCopy = Pick<KnownCopy, 'place' | 'missing'>;

/** As the operation log calls it. */
export const KEY_DRILL = 'key-drill';

/** A copy that a key was seen to open. It is a part of a line of the operation log. */
export interface Drill {
  /** The name of the remote, and its place with the endpoint. */
  readonly remote: string;
  readonly place: string;
  readonly tag: string;
  /** Fingerprints of those for whom the copy is encrypted, sorted. */
  readonly recipients: readonly string[];
  /** The one whose key opened it. Null if that is not known. */
  readonly openedBy: string | null;
}

/** A remote of the config whose copies are encrypted. */
interface EncryptedRemote {
  readonly remote: string;
  readonly place: string;
  /** Why the config cannot be used for it; null if it can. */
  readonly problem: string | null;
  /** When a copy for these keys was last opened. ISO 8601, UTC; null if never. */
  readonly opened: string | null;
  /** The same for a copy that was encrypted for other keys. */
  readonly openedForOthers: string | null;
}

/** What the log and the config say of encrypted remotes. No remote is asked. */
async function encryptedRemotes({ config, repository }: Pick<Project, 'config' | 'repository'>) {
  const names = Object.entries(config.remotes ?? {}).flatMap(([name, { encryptTo }]) =>
    encryptTo === undefined ? [] : [name],
  );
  if (names.length === 0) return [];
  const { chooseRemote, recipientsFor } = await import('../repository/remotes/open-remote.ts');
  const { fingerprintsOf } = await import('../protection/recipients.ts');
  const drills = drillsIn(repository);
  return names.map((remote): EncryptedRemote => {
    try {
      const choice = chooseRemote(config, remote);
      const wanted = fingerprintsOf(recipientsFor(choice) ?? []).join(' ');
      const there = drills.filter(({ place }) => place === choice.key);
      const timeOf = (is: boolean): string | null =>
        there.findLast(({ recipients }) => (recipients.join(' ') === wanted) === is)?.time ?? null;
      return { remote, place: choice.key, problem: null, opened: timeOf(true), openedForOthers: timeOf(false) };
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      return { remote, place: '', problem: `${error.message}. ${error.hint}`, opened: null, openedForOthers: null };
    }
  });
}

/** Oldest first. */
function drillsIn(repository: string): (Drill & { readonly time: string })[] {
  return operationsIfReadable(repository).flatMap(({ operation, time, drill }) => {
    if (operation !== KEY_DRILL || typeof time !== 'string' || typeof drill !== 'object' || drill === null) return [];
    const { remote, place, tag, recipients, openedBy }: Record<string, unknown> = { ...drill };
    if (typeof remote !== 'string' || typeof place !== 'string' || typeof tag !== 'string') return [];
    if (!Array.isArray(recipients)) return [];
    const texts = recipients.map(String);
    return [{ time, remote, place, tag, recipients: texts, openedBy: typeof openedBy === 'string' ? openedBy : null }];
  });
}

/** Remotes that have one of these copies, and of which no key drill is on record for the keys that the config names now. */
export async function keysNotDrilled(
  project: Pick<Project, 'config' | 'repository'>,
  copies: readonly PlaceOfCopy[],
): Promise<Finding[]> {
  return notDrilled(await encryptedRemotes(project), copies);
}

function notDrilled(remotes: readonly EncryptedRemote[], copies: readonly PlaceOfCopy[]): Finding[] {
  const there = new Set(copies.flatMap(({ place, missing }) => (missing ? [] : [place])));
  return remotes.flatMap(({ remote, place, opened, openedForOthers }): Finding[] => {
    if (opened !== null || !there.has(place)) return [];
    const since =
      openedForOthers === null
        ? 'it was encrypted'
        : `its keys were changed: the last key drill (${openedForOthers}) was with others`;
    return [
      {
        code: 'keys-not-drilled',
        severity: 'warning',
        message: `what is in ${escapeName(remote)} was never opened since ${since}`,
        path: place,
        evidence: { remote, openedForOthers },
        recommendation: `Run ${shellLine(['migbackup', 'key', 'drill', '--remote', remote])} where a key is at hand.`,
      },
    ];
  });
}

/** Checks whether a key was seen to open what is in each encrypted remote of the config. @param copies those that are known of the newest complete backup */
export async function checkKeys(project: Project, copies: readonly PlaceOfCopy[]): Promise<CheckResult> {
  const about = { id: 'keys', group: 'repository' } as const;
  const remotes = await encryptedRemotes(project);
  if (remotes.length === 0) return { ...about, status: 'ok', message: 'the config has no copies encrypted' };
  const unusable = remotes.find(({ problem }) => problem !== null);
  const evidence = { remotes };
  if (unusable !== undefined) {
    const message = `nothing can be pushed to ${escapeName(unusable.remote)}: ${unusable.problem}`;
    const recommendation = 'Correct "encryptTo" of this remote in the config (docs/keys.md).';
    return { ...about, status: 'warning', message, evidence, recommendation };
  }
  const findings = notDrilled(remotes, copies);
  if (findings.length === 0) {
    const drilled = remotes.flatMap(({ remote, opened }) =>
      opened === null ? [] : [`${escapeName(remote)} on ${opened.slice(0, 10)}`],
    );
    const message =
      drilled.length === 0
        ? 'no encrypted copy of the newest backup is known yet that a key could open'
        : `a key opened what is in ${drilled.join(', ')}`;
    return { ...about, status: 'ok', message, evidence };
  }
  return {
    ...about,
    status: 'warning',
    message: findings.map(({ message }) => message).join('; '),
    evidence,
    recommendation: findings.map(({ recommendation }) => recommendation ?? '').join(' '),
  };
}
