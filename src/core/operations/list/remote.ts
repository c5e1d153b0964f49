import type { Project } from '../../model/category.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import type { ListedBackup, ListReport } from '../../model/list-report.ts';
import { escapeName } from '../../paths/names.ts';
import { startReport } from '../../repository/report-head.ts';
import { pushedCopies } from '../../repository/pushed-copies.ts';
import { dataPrefix, isArchiveName } from '../../repository/remotes/layout.ts';
import { listCopies, type BadCommit, type Copy } from '../../repository/remotes/list-copies.ts';
import { chooseRemote, openRemote, type RemoteChoice } from '../../repository/remotes/open-remote.ts';
import { totalBytes } from '../../repository/remotes/remote.ts';
import type { SignerNames } from '../../protection/name-signers.ts';
import { Owner } from '../../repository/whose.ts';
import { isPending } from '../../transaction/state-folder.ts';

export interface ListRemoteOptions {
  /** A name in the config, or a URL. */
  readonly remote: string;
  readonly insecure: boolean;
  readonly allProjects: boolean;
}

/** The copies in a remote, newest first. Reads commits only, so nothing says whether their objects are whole. */
export async function listRemote(project: Project, options: ListRemoteOptions, context: Context): Promise<ListReport> {
  const head = startReport(context);
  const choice = chooseRemote(project.config, options.remote);
  const remote = await openRemote(choice, options.insecure, context);
  try {
    const owner = new Owner(project);
    const { copies, bad } = await listCopies(remote);
    const now = remote.now();
    const names = await signerNames(project.config.allowedSigners, context);
    const all = copies.map((copy) => describe(copy, owner, now, names));
    const backups = all.filter(({ project: { own } }) => options.allProjects || own);
    const shown = new Set(backups.map(({ backupId }) => backupId));
    return {
      ...head(),
      operation: 'list',
      root: project.root,
      repository: choice.place,
      remote: choice.name,
      project: owner.identity.id,
      backups,
      ofOthers: all.length - backups.length,
      unfinishedTransaction: isPending(project.root),
      findings: [
        ...bad.map(refused),
        ...differing(copies.filter(({ id }) => shown.has(id))),
        ...gone(project, choice, copies),
      ],
    };
  } finally {
    remote.close();
  }
}

/** The modules about signatures are loaded only where somebody may be named. */
async function signerNames(file: string | undefined, context: Context): Promise<SignerNames | undefined> {
  return file === undefined ? undefined : (await import('../../protection/name-signers.ts')).nameSigners(file, context);
}

function describe(copy: Copy, owner: Owner, now: Date, names: SignerNames | undefined): ListedBackup {
  const { statement, id, tag, place, pushedAt } = copy;
  const { encryption, objects } = statement;
  const archives = objects.filter(({ name }) => isArchiveName(name));
  // In an encrypted copy names are numbers, and those of its project are marks.
  const { id: project = null, root = null } = encryption === null ? statement.project : {};
  return {
    backupId: id,
    kind: statement.kind,
    folder: place,
    createdAt: statement.createdAt,
    ageSeconds: Math.round((now.getTime() - Date.parse(statement.createdAt)) / 1000),
    status: 'readable',
    problem: null,
    completeness: statement.completeness,
    files: null,
    bytes: null,
    archivedBytes: encryption === null ? totalBytes(archives) : null,
    note: null,
    tags: {},
    categories: archives.map(({ name }) => name.replace(/\.tar(\.zst)?$/, '')),
    holdsSecrets: null,
    lastVerification: null,
    project: { id: project, name: null, root, own: owner.ownsCopy(statement) },
    copies: [],
    copy: {
      tag,
      pushedAt: pushedAt.toISOString(),
      bytes: totalBytes(objects),
      lock: statement.lock,
      encryptedFor: encryption?.recipients ?? null,
    },
    ...(names && { signer: names.ofCommit(copy) }),
  };
}

function refused({ id, place, problem }: BadCommit): Finding {
  return {
    code: 'copy-refused',
    severity: 'error',
    message: `a commit of ${id} ${escapeName(problem)}; it counts as no copy`,
    path: place,
    recommendation: 'Find out who wrote it, and push that backup again from where it is whole.',
  };
}

/** Two tags of plain copies are two contents. Of encrypted ones only those can tell who have the backup or a key. */
function differing(copies: readonly Copy[]): Finding[] {
  return [...Map.groupBy(copies, ({ id }) => id)].flatMap(([id, same]): Finding[] => {
    if (same.length < 2) return [];
    const tags = same.map(({ tag }) => tag);
    const plain = same.filter(({ statement }) => statement.encryption === null);
    const what =
      plain.length > 1
        ? `there are ${same.length} different copies of ${id}`
        : `there are ${same.length} copies of ${id}, and what is encrypted cannot be compared`;
    return [
      {
        code: 'copies-differ',
        severity: plain.length > 1 ? 'error' : 'info',
        message: `${what}; the oldest is taken if no other is named`,
        path: same[0]?.place ?? '',
        evidence: { tags },
        recommendation: `Name the one that is meant with --copy TAG: ${tags.join(', ')}.`,
      },
    ];
  });
}

/** Nobody else can say what a remote withholds: this machine knows what it pushed there. */
function gone(project: Project, { place, key }: RemoteChoice, copies: readonly Copy[]): Finding[] {
  const there = new Set(copies.map(({ id, tag }) => `${id} ${tag}`));
  return pushedCopies(project.repository)
    .filter((pushed) => pushed.place === key && !there.has(`${pushed.backupId} ${pushed.tag}`))
    .map(({ backupId, tag, pushedAt }) => ({
      code: 'copy-gone',
      severity: 'error',
      message: `${backupId} was pushed there at ${pushedAt}, and is not there now`,
      path: `${place}/${dataPrefix(backupId, tag)}`.replace(/\/$/, ''),
      recommendation: 'Find out who removed it, and push it again.',
    }));
}
