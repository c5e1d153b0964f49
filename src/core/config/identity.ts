import { randomBytes, scryptSync } from 'node:crypto';
import path from 'node:path';
import type { Project } from '../model/category.ts';
import type { ProjectNames } from '../model/manifest.ts';
import { ownId, rememberedId } from './checkout.ts';
import { gitRemote } from './git-remote.ts';

/** The names by which a project is known, as its backups record them. */
export type Identity = ProjectNames & { readonly id: string; readonly root: string };

/**
 * The project's names. `id` is the strongest one that it has: `project` in its config, otherwise the id in .migbackup/project.json, otherwise its git
 * remote with the path within it, otherwise its root.
 */
export function identityOf({ root, repository, config }: Project): Identity {
  const own = config.project ?? rememberedId(root);
  const remote = gitRemote(root);
  const inRoot = path.relative(root, repository).split(path.sep).join('/');
  const inside = inRoot !== '' && inRoot !== '..' && !inRoot.startsWith('../') && !path.isAbsolute(inRoot);
  return {
    id: own ?? (remote === undefined ? `root:${root}` : `git:${remote}`),
    ...(remote === undefined ? {} : { remote }),
    root,
    ...(inside ? { repository: inRoot } : {}),
  };
}

/** A new id. The name in it is for readers; the rest makes it unique. */
export function newProjectId(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${slug === '' ? 'project' : slug}-${randomBytes(6).toString('hex')}`;
}

/** Whether two projects that share a folder are different projects. The strongest name that both have decides. */
export function areStrangers(one: ProjectNames, other: ProjectNames): boolean {
  const [mine, theirs] = [ownId(one.id), ownId(other.id)];
  if (mine !== undefined && theirs !== undefined) return mine !== theirs;
  return one.remote !== undefined && other.remote !== undefined && one.remote !== other.remote;
}

/** So that a guess takes some 50 ms. All copies have the same salt, so that a name is marked once for a list of them. */
const MARK_COST = { N: 1 << 14, r: 8, p: 1 };
const MARK_SALT = 'migbackup project';

const marks = new Map<string, string>();

/** The names of a project as an encrypted copy states them: whoever knows a name can compare. Others can only guess it, slowly. */
export function markedNames({ id, remote, root }: ProjectNames): ProjectNames {
  const own = ownId(id);
  return {
    ...(own === undefined ? {} : { id: mark('id', own) }),
    ...(remote === undefined ? {} : { remote: mark('remote', remote) }),
    ...(root === undefined ? {} : { root: mark('root', root) }),
  };
}

function mark(kind: string, name: string): string {
  const text = `${kind} ${name}`;
  const marked = marks.get(text) ?? scryptSync(text, MARK_SALT, 16, MARK_COST).toString('hex');
  marks.set(text, marked);
  return marked;
}
