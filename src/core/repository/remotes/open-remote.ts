import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackupError } from '../../model/backup-error.ts';
import type { Config, RemoteSettings } from '../../model/category.ts';
import { nearlyMatching } from '../../model/nearest.ts';
import { escapeName, shorten } from '../../paths/names.ts';
import { realPathAsFar } from '../../paths/paths.ts';
import { parseRecipients, type Recipient } from '../../protection/recipients.ts';
import { FolderRemote } from './folder-remote.ts';
import { endpointOf, type Lock, type Remote, type RemoteContext } from './remote.ts';

/** A remote as the config or the command line names it, not opened yet. */
export interface RemoteChoice {
  /** The name in the config, or the URL that was given. */
  readonly name: string;
  readonly settings: RemoteSettings;
  /** Its URL in one form, without a slash at the end. */
  readonly place: string;
  /** Tells places apart, for what is remembered of them: the same with the endpoint, if it is not that of AWS. */
  readonly key: string;
  readonly target: { readonly folder: string } | { readonly bucket: string; readonly prefix: string };
  /** True if a person named the URL, and not a config that came along with a checkout. */
  readonly isTyped: boolean;
}

export interface RemoteWords {
  /** Names in the config, or URLs. Empty: every remote of the config. */
  readonly names: readonly string[];
  /** Allow plain http to another machine. */
  readonly insecure: boolean;
}

const URL_LIKE = /^(s3|file):\/\//i;

/** The remotes that are meant. Throws NO_SUCH_REMOTE or USAGE. */
export function chooseRemotes(config: Config, names: readonly string[]): RemoteChoice[] {
  const remotes = config.remotes ?? {};
  const known = Object.keys(remotes);
  if (names.length === 0 && known.length === 0) {
    throw new BackupError('NO_SUCH_REMOTE', 'the config names no remote', {
      hint: 'Add "remotes": {"NAME": {"url": "s3://BUCKET/PREFIX"}} to migbackup.config.json, or give --remote URL.',
    });
  }
  const wanted = names.length === 0 ? known : [...new Set(names)];
  const choices = wanted.map((name) => {
    const settings = Object.hasOwn(remotes, name) ? remotes[name] : undefined;
    if (settings !== undefined) return choiceOf(name, settings, false);
    if (URL_LIKE.test(name)) return choiceOf(name, { url: name }, true);
    throw unknown(name, known);
  });
  refuseTwice(choices);
  return choices;
}

/** The one remote that is named. Throws NO_SUCH_REMOTE or USAGE. */
export function chooseRemote(config: Config, name: string): RemoteChoice {
  const [choice] = chooseRemotes(config, [name]);
  if (choice === undefined) throw new Error('one remote was chosen');
  return choice;
}

/**
 * The one that is named, or the only one of the config. Throws NO_SUCH_REMOTE or USAGE.
 * @param how the beginning of the hint that lists the names
 */
export function chooseOnly(config: Config, name: string | undefined, how: string): RemoteChoice {
  const choices = chooseRemotes(config, name === undefined ? [] : [name]);
  const [choice] = choices;
  if (choice !== undefined && choices.length === 1) return choice;
  throw new BackupError('USAGE', `the config names ${choices.length} remotes`, {
    hint: `${how}: ${choices.map((one) => one.name).join(', ')}.`,
  });
}

/** One place that has two names would count as two copies. */
function refuseTwice(choices: readonly RemoteChoice[]): void {
  for (const [, [first, second]] of Map.groupBy(choices, realKey))
    if (first !== undefined && second !== undefined)
      throw new BackupError('USAGE', `${escapeName(first.name)} and ${escapeName(second.name)} are the same place`, {
        hint: 'Take one of them out of the config, or name one with --remote.',
        path: first.place,
      });
}

/** A folder is one place whatever links lead to it. */
function realKey({ key, target }: RemoteChoice): string {
  return 'folder' in target ? `file://${realPathAsFar(target.folder)}` : key;
}

function isEndpoint(text: string): boolean {
  try {
    const { protocol, username, password, search, hash } = new URL(text);
    return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
  } catch {
    return false;
  }
}

function unknown(name: string, known: readonly string[]): BackupError {
  const close = nearlyMatching(name, known);
  const list = known.length === 0 ? 'The config names none' : `The config names ${known.join(', ')}`;
  const meant = close.length === 0 ? '' : ` Did you mean ${close.join(' or ')}?`;
  return new BackupError('NO_SUCH_REMOTE', `there is no remote "${shorten(escapeName(name))}"`, {
    hint: `${list}.${meant} A URL works too: s3://BUCKET/PREFIX or file:///FOLDER.`,
    details: { remotes: known },
  });
}

/** @param name what messages call it */
function choiceOf(name: string, settings: RemoteSettings, isTyped: boolean): RemoteChoice {
  const bad = (what: string, hint: string): BackupError =>
    new BackupError(
      'USAGE',
      `the URL of the remote ${escapeName(name)} ${what}: ${shorten(escapeName(settings.url))}`,
      {
        hint,
      },
    );
  const forms = 'Write s3://BUCKET/PREFIX or file:///FOLDER.';
  let url: URL;
  try {
    url = new URL(settings.url);
  } catch {
    throw bad('is not a URL', forms);
  }
  const odd = url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '' || url.port !== '';
  if (odd) throw bad('has more than a place', `${forms} Credentials come from the environment or a profile.`);
  if (url.protocol === 'file:') {
    if (settings.lock !== undefined) throw bad('is a folder, which can keep no lock', 'Take "lock" out of its config.');
    if (url.host !== '') throw bad('names a host', forms);
    const folder = path.resolve(fileURLToPath(url));
    return { name, settings, place: `file://${folder}`, key: `file://${folder}`, target: { folder }, isTyped };
  }
  if (url.protocol !== 's3:' || !/^[a-z0-9][a-z0-9._-]{1,62}$/i.test(url.hostname)) throw bad('names no bucket', forms);
  let prefix: string;
  try {
    prefix = decodeURIComponent(url.pathname).replaceAll(/^\/+|\/+$/g, '');
  } catch {
    throw bad('is not a URL', forms);
  }
  // eslint-disable-next-line no-control-regex -- these characters are what is looked for
  if (/[\u0000-\u001F\u007F\\]|(^|\/)(\.{0,2})(\/|$)/.test(prefix) && prefix !== '')
    throw bad('has a prefix that is not a path', forms);
  const place = `s3://${url.hostname}${prefix === '' ? '' : `/${prefix}`}`;
  const endpoint = endpointOf(settings);
  if (endpoint !== undefined && !isEndpoint(endpoint))
    throw new BackupError('USAGE', `the endpoint of the remote ${escapeName(name)} is not the URL of a server`, {
      hint: 'Write it as https://s3.example.org, without credentials: those come from the environment or a profile.',
    });
  const key = endpoint === undefined ? place : `${place}?endpoint=${endpoint}`;
  return { name, settings, place, key, target: { bucket: url.hostname, prefix }, isTyped };
}

/** Makes the folder of a remote one. In a bucket there is nothing to make. */
export function initRemote({ target }: RemoteChoice): 'made' | 'was one' {
  return 'folder' in target ? FolderRemote.init(target.folder) : 'was one';
}

/** Opens a remote. Nothing is asked of an S3 yet. Throws NO_SUCH_REMOTE for a folder that is not set up, USAGE, and the errors of a remote. */
export async function openRemote(choice: RemoteChoice, insecure: boolean, context: RemoteContext): Promise<Remote> {
  const { name, place, key, target, settings } = choice;
  if ('folder' in target) return FolderRemote.open(name, place, target.folder, context);
  const { S3Remote } = await import('./s3-remote.ts');
  return S3Remote.open(name, { ...target, place, key }, settings, insecure, context);
}

/** For whom new copies are encrypted; null if they are not. Throws USAGE. */
export function recipientsFor({ settings: { encryptTo, singleRecipient } }: RemoteChoice): Recipient[] | null {
  return encryptTo === undefined ? null : parseRecipients(encryptTo, singleRecipient === true);
}

/** The lock that a new copy gets; null if the config asks for none. */
export function lockFor({ settings: { lock } }: RemoteChoice, now: Date): Lock | null {
  if (lock === undefined) return null;
  return { mode: lock.mode, until: new Date(now.getTime() + lock.days * 86_400_000) };
}
