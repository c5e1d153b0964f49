import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import { escapeName } from '../paths/names.ts';
import { fingerprintOf } from '../protection/recipients.ts';
import { isKnownPlace, keptNoLock, rememberPlace } from '../repository/remotes/known-places.ts';
import { chooseRemote, chooseRemotes, recipientsFor, type RemoteChoice } from '../repository/remotes/open-remote.ts';

/** A remote to which nothing was pushed from this machine yet, or not for these readers. */
export interface NewPlace {
  readonly remote: string;
  readonly place: string;
  readonly endpoint: string | null;
  readonly lock: { readonly mode: 'governance' | 'compliance'; readonly days: number } | null;
  /** Fingerprints; null if copies there are not encrypted. */
  readonly encryptedFor: readonly string[] | null;
}

export interface PushWanted {
  /** Names in the config, or URLs. Empty: every remote of the config. */
  readonly remotes: readonly string[];
  readonly insecure: boolean;
  /** How many copies a backup has to have; undefined: one in each of these remotes. */
  readonly minCopies?: number | undefined;
  /** Lock a copy that is there as long as a new one would be. */
  readonly extendsLock?: boolean | undefined;
  /** The key that signs the commits of new copies; undefined: what the config says. */
  readonly sign?: string | undefined;
  /** Asked once for each remote to which nothing was pushed from this machine yet. It throws CONFIRMATION_REQUIRED. */
  readonly confirm: (place: NewPlace) => Promise<unknown>;
}

/** The remotes of a push. They are chosen, and agreed to, before anything else happens. */
export interface PushTargets {
  readonly choices: readonly RemoteChoice[];
  readonly insecure: boolean;
  readonly minCopies: number;
  readonly extendsLock: boolean;
  /** The key that signs the commit of a new copy in each of them; undefined if none does. */
  readonly keys: ReadonlyMap<RemoteChoice, string | undefined>;
}

/** Throws NO_SUCH_REMOTE, USAGE, and CONFIRMATION_REQUIRED if a remote is new here and was not agreed to. */
export async function pushTargets(project: Project, wanted: PushWanted): Promise<PushTargets> {
  const choices = chooseRemotes(project.config, wanted.remotes);
  const minCopies = wanted.minCopies ?? choices.length;
  if (minCopies > choices.length)
    throw new BackupError('USAGE', `--min-copies ${minCopies} asks for more copies than there are remotes`, {
      hint: `Name more remotes in the config: there ${choices.length === 1 ? 'is 1' : `are ${choices.length}`}.`,
    });
  const without = choices.find(({ settings }) => settings.lock === undefined);
  if (wanted.extendsLock === true && without !== undefined)
    throw new BackupError('USAGE', `the config asks for no lock in ${escapeName(without.name)}`, {
      hint: 'Name a remote that has "lock" in the config with --remote, or add it there.',
    });
  for (const choice of choices) refusePlain(project, choice);
  for (const choice of choices) {
    if (choice.settings.lock !== undefined && keptNoLock(choice)) throw noLock(choice);
    if (isKnownPlace(choice)) continue;
    const { name: remote, place, settings } = choice;
    const encryptedFor = recipientsFor(choice)?.map(fingerprintOf) ?? null;
    await wanted.confirm({
      remote,
      place,
      endpoint: settings.endpoint ?? null,
      lock: settings.lock ?? null,
      encryptedFor,
    });
    rememberPlace(choice);
  }
  const keyOf = ({ settings }: RemoteChoice): string | undefined => wanted.sign ?? settings.sign ?? project.config.sign;
  const keys = new Map(choices.map((choice) => [choice, keyOf(choice)]));
  return { choices, insecure: wanted.insecure, minCopies, extendsLock: wanted.extendsLock === true, keys };
}

/** A URL has no settings: what goes to a place of the config by its URL would not be encrypted. Throws USAGE, also for text that is no recipient. */
function refusePlain({ config }: Project, choice: RemoteChoice): void {
  if (recipientsFor(choice) !== null || !choice.isTyped) return;
  const encrypted = Object.entries(config.remotes ?? {}).filter(([, { encryptTo }]) => encryptTo !== undefined);
  const name = encrypted.map(([one]) => one).find((one) => chooseRemote(config, one).key === choice.key);
  if (name === undefined) return;
  throw new BackupError('USAGE', `the config encrypts what goes to ${escapeName(choice.place)}`, {
    hint: `Name the remote as the config does: --remote ${name}`,
    path: choice.place,
  });
}

/** Nothing is sent where the wish for a lock would not be met in the end. */
function noLock({ name, place }: RemoteChoice): BackupError {
  return new BackupError(
    'USAGE',
    `the config asks for a lock in ${escapeName(name)}, which kept none when it was tried`,
    {
      hint: `Take "lock" out of its config, or use a bucket that was made with object lock. To try it again, run: migbackup remote check ${name}`,
      path: place,
    },
  );
}
