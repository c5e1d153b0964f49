import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { lstatOrNull, writeFileDurable } from '../fs/durable.ts';
import { assertFolder, readRegular } from '../fs/regular-file.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { ProjectNames } from '../model/manifest.ts';
import { STATE_FOLDER } from '../paths/paths.ts';
import { gitRemote } from './git-remote.ts';

/** Beside what else migbackup keeps in the project: the id that its config had when it was last seen. */
const REMEMBERED = path.join(STATE_FOLDER, 'project.json');
const MAX_BYTES = 4096;

/** What an id in a config may be. The names that stand in for one have a colon. */
export const PROJECT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** By which names a project is known, as its backups record them. */
export type Identity = ProjectNames & { readonly id: string; readonly root: string };

/**
 * The project's names. `id` is the strongest that it has: `project` of its config, else that in .migbackup/project.json, else its git remote
 * with the path within, else its root.
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

/** The id that is the project's own, not one that stands in for it. */
export function ownId(id: string | undefined): string | undefined {
  return id !== undefined && PROJECT_ID.test(id) ? id : undefined;
}

/** A new id: the name is for whoever reads it, the rest makes it one of its kind. */
export function newProjectId(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${slug === '' ? 'project' : slug}-${randomBytes(6).toString('hex')}`;
}

/** The id that was remembered; undefined where there is none, or nothing that is one. */
export function rememberedId(root: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(readRegular(path.join(root, REMEMBERED), MAX_BYTES).toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('id' in parsed) || typeof parsed.id !== 'string')
      return undefined;
    return ownId(parsed.id);
  } catch (error) {
    if (!(error instanceof SyntaxError) && errnoOf(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * Keeps the id of the config where it stays when the config is lost. The caller holds the project's lock. Where it cannot be written nothing is
 * lost yet, and the config still has it.
 */
export function rememberId({ root, config }: Project): void {
  const state = path.join(root, STATE_FOLDER);
  if (config.project === undefined || config.project === rememberedId(root) || lstatOrNull(state) === null) return;
  try {
    assertFolder(state);
    writeFileDurable(path.join(root, REMEMBERED), `${JSON.stringify({ id: config.project })}\n`);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
