import { BackupError } from '../../model/backup-error.ts';
import { nearlyMatching } from '../../model/nearest.ts';
import { plural } from '../../model/plural.ts';
import { parseId } from '../../format/id.ts';
import { escapeName, shorten } from '../../paths/names.ts';
import type { Owner } from '../whose.ts';
import { LATEST } from '../select.ts';
import { listCopies, type Copy } from './list-copies.ts';
import type { CopyStatement } from '../../model/copy-commit.ts';
import type { RemoteChoice } from './open-remote.ts';
import type { Remote } from './remote.ts';

export interface CopyWanted {
  /** The remote as it was chosen. */
  readonly from: RemoteChoice;
  /** An id, a part of one that no other has, `latest` or `latest~1`. */
  readonly selector: string;
  /** The tag of the copy, or the beginning of it; undefined: the oldest copy. */
  readonly copy?: string | undefined;
  /** Of several copies of the backup, which is taken rather than the oldest. Undefined: none. */
  readonly prefers?: ((statement: CopyStatement) => boolean) | undefined;
  /** Told why `latest` is not simply the newest, and which of several copies is taken. */
  readonly onNote?: ((message: string) => void) | undefined;
}

/** Whether a copy is encrypted if the config wants copies there encrypted. */
export function isAsPrivate({ settings }: RemoteChoice, { encryption }: Pick<CopyStatement, 'encryption'>): boolean {
  return settings.encryptTo === undefined || encryption !== null;
}

/**
 * The copy in a remote that is meant. Throws NO_SUCH_BACKUP, AMBIGUOUS_BACKUP, and COPY_NOT_ENCRYPTED: where the config has copies encrypted, somebody else
 * may have written one that is not.
 */
export async function selectCopy(remote: Remote, owner: Owner, wanted: CopyWanted): Promise<Copy> {
  const copy = await findCopy(remote, owner, wanted);
  if (isAsPrivate(wanted.from, copy.statement)) return copy;
  throw new BackupError('COPY_NOT_ENCRYPTED', `the copy of ${copy.id} in ${escapeName(remote.name)} is not encrypted`, {
    hint: `The config has copies there encrypted. If this one was pushed before that, name the remote by its URL: --remote ${remote.place}`,
    path: copy.place,
  });
}

async function findCopy(remote: Remote, owner: Owner, wanted: CopyWanted): Promise<Copy> {
  const exact = parseId(wanted.selector) === null ? undefined : wanted.selector;
  const { copies, bad } = await listCopies(remote, exact);
  for (const { id, problem } of bad) wanted.onNote?.(`a commit of ${id} in ${remote.name} is ignored: it ${problem}`);
  const id = exact ?? idOf(remote, copies, owner, wanted);
  const named = copies.filter((copy) => copy.id === id);
  if (named.length === 0) throw none(`${escapeName(remote.name)} has no copy of ${id}`, remote);
  const chosen = wanted.copy === undefined ? named : named.filter(({ tag }) => tag.startsWith(wanted.copy ?? ''));
  const preferred = chosen.find(({ statement }) => wanted.prefers?.(statement) === true);
  const first = preferred ?? chosen[0];
  const tags = named.map(({ tag }) => tag);
  if (first === undefined)
    throw new BackupError('NO_SUCH_BACKUP', `no copy of ${id} has a tag that begins with "${wanted.copy}"`, {
      hint: `The copies are: ${tags.join(', ')}.`,
      details: { tags },
    });
  if (named.length > 1 && wanted.copy === undefined)
    wanted.onNote?.(
      `${remote.name} has ${named.length} different copies of ${id}; ${first === named[0] ? 'the oldest' : first.tag} is taken, and --copy TAG takes another (${tags.join(', ')})`,
    );
  return first;
}

function idOf(remote: Remote, copies: readonly Copy[], owner: Owner, wanted: CopyWanted): string {
  const { selector } = wanted;
  const latest = LATEST.exec(selector);
  if (latest !== null) return latestOf(remote, copies, owner, Number(latest[1] ?? 0), wanted);
  const ids = [...new Set(copies.map(({ id }) => id))];
  const matching = selector === '' ? [] : ids.filter((id) => id.includes(selector));
  const [only, second] = matching;
  if (only !== undefined && second === undefined) return only;
  const shown = shorten(escapeName(selector));
  if (only !== undefined)
    throw new BackupError('AMBIGUOUS_BACKUP', `"${shown}" matches ${matching.length} backups in ${remote.name}`, {
      hint: `Give more of the id: ${matching.slice(0, 5).join(', ')}${matching.length > 5 ? ', …' : ''}.`,
      details: { candidates: matching },
    });
  const close = nearlyMatching(selector, ids);
  const meant = close.length === 0 ? '' : ` Did you mean ${close.join(' or ')}?`;
  throw none(`no copy in ${escapeName(remote.name)} matches "${shown}"`, remote, meant);
}

/** As in the repository: the newest complete migration backup of the project; if there is none, the newest partial one. */
function latestOf(remote: Remote, copies: readonly Copy[], owner: Owner, back: number, { onNote }: CopyWanted): string {
  const all = new Map(copies.map((copy) => [copy.id, copy]));
  const own = [...all.values()].filter(({ statement }) => statement.kind === 'migration' && owner.ownsCopy(statement));
  if (own.length === 0) {
    const others =
      all.size === 0
        ? ''
        : ` migbackup list --remote ${remote.name} --all-projects shows the others, and an ID names any of them.`;
    throw none(`${escapeName(remote.name)} has no copy of a backup of this project`, remote, others);
  }
  const whole = own.filter(({ statement }) => statement.completeness === 'complete');
  const among = whole.length > 0 ? whole : own;
  const found = among[back];
  if (found === undefined)
    throw none(
      `there is no latest~${back} in ${escapeName(remote.name)}: it has ${plural(among.length, 'backup')}`,
      remote,
    );
  const over = own.indexOf(found) - among.indexOf(found);
  if (whole.length === 0) onNote?.(`${found.id} is partial, and ${remote.name} has no complete backup of this project`);
  else if (over > 0)
    onNote?.(`${found.id} is the latest complete one; ${over} newer ${over === 1 ? 'is' : 'are'} partial`);
  return found.id;
}

function none(message: string, remote: Remote, more = ''): BackupError {
  return new BackupError('NO_SUCH_BACKUP', message, {
    hint: `migbackup list --remote ${remote.name} shows what is there.${more}`,
    path: remote.place,
  });
}
