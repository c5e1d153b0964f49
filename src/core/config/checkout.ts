import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull, writeFileDurable, writeFileSynced } from '../fs/durable.ts';
import { assertFolder, readRegular } from '../fs/regular-file.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import { z } from '../model/zod.ts';
import { STATE_FOLDER } from '../paths/paths.ts';

/** Beside what else migbackup keeps in the project: what is known of it there, whatever becomes of its config and its path. */
const REMEMBERED = path.join(STATE_FOLDER, 'project.json');
const MAX_BYTES = 1 << 20;

/** What an id in a config may be. The names that stand in for one have a colon. */
export const PROJECT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

interface Remembered {
  /** The id that the config had when it was last seen. */
  readonly id?: string | undefined;
  /** This folder and no other, wherever it stands: a random id. */
  readonly checkout?: string | undefined;
  /** Where the folder stood when it got that. */
  readonly root?: string | undefined;
  /** By repository (in the project: its place there) the last backup, and earlier ones that were not there when it was taken. */
  readonly taken?: Readonly<Record<string, Taken>> | undefined;
}

const takenSchema = z.record(z.string(), z.object({ last: z.string(), away: z.array(z.string()) }));
export type Taken = z.infer<typeof takenSchema>[string];

/** By what a folder is known as the one that something was done in. Both may be absent. */
export interface Checkout {
  /** Goes with the folder, also to another file system. */
  readonly checkout: string | null;
  /** Its inode and when that was made: stays where .migbackup is cleaned away. */
  readonly place: string | null;
}

/** The id that is the project's own, not one that stands in for it. */
export function ownId(id: string | undefined): string | undefined {
  return id !== undefined && PROJECT_ID.test(id) ? id : undefined;
}

/** The id that was remembered; undefined where there is none, or nothing that is one. */
export function rememberedId(root: string): string | undefined {
  return remembered(root)?.id;
}

/** The folder that a project is in, told from every other one: a copy is another, a folder that was moved or is mounted elsewhere is the same. */
export function checkoutOf(root: string): Checkout {
  const known = remembered(root) ?? {};
  return { checkout: isCopy(root, known) ? null : (known.checkout ?? null), place: placeOf(root) };
}

/**
 * Keeps the id of the config where it stays when the config is lost, and gives the folder an id of its own. The caller holds the project's lock. Where it
 * cannot be written nothing is lost yet: the config still has the one, and the folder's inode stands in for the other.
 */
export function rememberProject({ root, config }: Project): void {
  if (lstatOrNull(path.join(root, STATE_FOLDER)) === null) return;
  removeHalfWritten(path.join(root, STATE_FOLDER));
  const known = remembered(root);
  // What cannot be read now may well be there: another id in its place would make strangers of all that was done here.
  if (known === null) return;
  const id = config.project ?? known.id;
  const fresh = known.checkout === undefined || isCopy(root, known);
  if (!fresh && id === known.id) return;
  const own = fresh ? { checkout: randomBytes(8).toString('hex'), root } : {};
  whyNot(() => remember(root, { ...known, ...own, id }, writeFileDurable));
}

/** What was last taken into this repository, as the project remembers it; undefined where it does not. */
export function takenInto({ root, repository }: Project): Taken | undefined {
  return remembered(root)?.taken?.[keyOf(root, repository)];
}

/**
 * Remembers it, so that a repository that is not there can be told from one that never was. The caller holds the project's lock. Answers why it could not
 * be written, as the system says it, and null where it was: the backup stands in any case.
 */
export function rememberTaken({ root, repository }: Project, taken: Taken): string | null {
  return whyNot(() => {
    if (lstatOrNull(path.join(root, STATE_FOLDER)) === null) return;
    const known = readRemembered(root);
    // What was there before comes back after a power cut, at worst.
    remember(root, { ...known, taken: { ...known.taken, [keyOf(root, repository)]: taken } }, writeFileSynced);
  });
}

/** A project may be moved with the repository in it. */
function keyOf(root: string, repository: string): string {
  const inRoot = path.relative(root, repository);
  return inRoot.startsWith('..') || path.isAbsolute(inRoot) ? repository : inRoot;
}

function remember(root: string, what: Remembered, write: (file: string, text: string) => void): void {
  assertFolder(path.join(root, STATE_FOLDER));
  write(path.join(root, REMEMBERED), `${JSON.stringify(what)}\n`);
}

/** What the system says against it; null where it says nothing. */
function whyNot(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (!(error instanceof Error) || errnoOf(error) === undefined) throw error;
    return error.message;
  }
}

/** Nobody writes it now: the caller holds the project's lock. */
function removeHalfWritten(state: string): void {
  const beside = `${path.basename(REMEMBERED)}.`;
  try {
    const left = fs.readdirSync(state).filter((name) => name.startsWith(beside) && name.endsWith('.tmp'));
    for (const name of left) fs.rmSync(path.join(state, name), { force: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Copied with all that is in it: where it was, there is a folder that has the same id and is another one. */
function isCopy(root: string, { checkout, root: before }: Remembered): boolean {
  if (checkout === undefined || before === undefined || before === root) return false;
  return remembered(before)?.checkout === checkout && placeOf(before) !== placeOf(root);
}

/** Null where nothing is there, or the file system does not say when it was made: an inode is used again. */
function placeOf(root: string): string | null {
  const stat = fs.statSync(root, { bigint: true, throwIfNoEntry: false });
  return stat === undefined || stat.birthtimeNs === 0n ? null : `${stat.ino}-${stat.birthtimeNs}`;
}

const NOTHING = { id: undefined, checkout: undefined, root: undefined, taken: undefined };

/** Null where it cannot be read. */
function remembered(root: string): Remembered | null {
  try {
    return readRemembered(root);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

/** A torn one says nothing. Throws the system's error where it cannot be read. */
function readRemembered(root: string): Remembered {
  try {
    const parsed: unknown = JSON.parse(readRegular(path.join(root, REMEMBERED), MAX_BYTES).toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null) return {};
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    const { id, checkout, root: before, taken } = { ...NOTHING, ...parsed };
    const read = takenSchema.safeParse(taken);
    return { id: ownId(text(id)), checkout: text(checkout), root: text(before), taken: read.data };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return {};
    throw error;
  }
}
