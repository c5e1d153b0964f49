import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { lstatOrNull, writeFileDurable, writeFileSynced } from '../fs/durable.ts';
import { assertFolder, readRegular } from '../fs/regular-file.ts';
import { errnoOf } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import { CONFIG_FILE } from './config-file.ts';
import { z } from '../model/zod.ts';
import { STATE_FOLDER } from '../paths/paths.ts';

/** What migbackup remembers about the project, even if its config is lost or its path changes. */
const REMEMBERED = path.join(STATE_FOLDER, 'project.json');
const MAX_BYTES = 1 << 20;

/** Where a project has its own config. A file that a flag names may be any other. */
const OWN_CONFIGS = [CONFIG_FILE, 'package.json'];

/** The form of an id in a config. The names that replace a missing id contain a colon. */
export const PROJECT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

interface Remembered {
  /** The id that the config had when it was last seen. */
  readonly id?: string | undefined;
  /** Whether the config asked for signatures then. */
  readonly requiresSignature?: boolean | undefined;
  /** A random id of this folder alone, which stays with it when it is moved. */
  readonly checkout?: string | undefined;
  /** The folder's path when it got that id. */
  readonly root?: string | undefined;
  /**
   * For each repository, the last backup and earlier ones that were missing when it was taken. A repository in the project is named by its path
   * within the project.
   */
  readonly taken?: Readonly<Record<string, Taken>> | undefined;
  /** Where signatures are required: backup -> SHA-256 of its list of artifacts, of the last backups that were made here. */
  readonly made?: Readonly<Record<string, string>> | undefined;
}

const madeSchema = z.record(z.string(), z.string());
const MOST_MADE = 200;

const takenSchema = z.record(z.string(), z.object({ last: z.string(), away: z.array(z.string()) }));
export type Taken = z.infer<typeof takenSchema>[string];

/** What identifies the folder in which something was done. Both may be null. */
export interface Checkout {
  /** Stays with the folder, even on another file system. */
  readonly checkout: string | null;
  /** The folder's inode and its birth time, which remain even if .migbackup is removed. */
  readonly place: string | null;
}

/** The project's own id; undefined if the id is a name that only replaces it. */
export function ownId(id: string | undefined): string | undefined {
  return id !== undefined && PROJECT_ID.test(id) ? id : undefined;
}

/** The remembered id; undefined if there is no valid one. */
export function rememberedId(root: string): string | undefined {
  return remembered(root)?.id;
}

/** Whether the config asked for signatures when it was last seen. */
export function rememberedRule(root: string): boolean {
  return remembered(root)?.requiresSignature === true;
}

/** Identifies the folder of a project. A copy is another folder; a folder that was moved or is mounted elsewhere is the same. */
export function checkoutOf(root: string): Checkout {
  const known = remembered(root) ?? {};
  return { checkout: isCopy(root, known) ? null : (known.checkout ?? null), place: placeOf(root) };
}

/**
 * Stores the id of the config where it survives a loss of the config, and gives the folder an id of its own. The caller holds the project's lock. If
 * this cannot be written, nothing is lost yet: the config still has the project's id, and the folder's inode replaces the other one.
 */
export function rememberProject({ root, config }: Project): void {
  if (lstatOrNull(path.join(root, STATE_FOLDER)) === null) return;
  removeHalfWritten(path.join(root, STATE_FOLDER));
  const known = remembered(root);
  // A file that cannot be read now may still hold an id. A new id would make everything that was done here look like another project's.
  if (known === null) return;
  const id = config.project ?? known.id;
  // A config that is lost, or that a flag names, says nothing about the project's own.
  const isOwn = OWN_CONFIGS.some((name) => config.file === path.join(root, name));
  const requires = isOwn ? config.requireSignature !== undefined : (known.requiresSignature ?? false);
  const fresh = known.checkout === undefined || isCopy(root, known);
  if (!fresh && id === known.id && requires === (known.requiresSignature ?? false)) return;
  const own = fresh ? { checkout: randomBytes(8).toString('hex'), root } : {};
  const requiresSignature = requires || undefined;
  whyNot(() => remember(root, { ...known, ...own, id, requiresSignature }, writeFileDurable));
}

/** What was last taken into this repository, as the project remembers it; undefined if it remembers nothing. */
export function takenInto({ root, repository }: Project): Taken | undefined {
  return remembered(root)?.taken?.[keyOf(root, repository)];
}

/**
 * Remembers the last backup, so that a missing repository can be told from one that never existed. The caller holds the project's lock. Returns null,
 * or the system's reason if this could not be written. The backup is complete in both cases.
 */
export function rememberTaken({ root, repository }: Project, taken: Taken): string | null {
  return whyNot(() => {
    if (lstatOrNull(path.join(root, STATE_FOLDER)) === null) return;
    const known = readRemembered(root);
    // The folder is not synced, so after a power cut the old file may be back, at worst.
    remember(root, { ...known, taken: { ...known.taken, [keyOf(root, repository)]: taken } }, writeFileSynced);
  });
}

/**
 * Remembers which bytes a backup has that was just made here, if the config requires signatures: undo goes by backups that nobody signed. The caller holds
 * the project's lock. If this cannot be written, undo refuses that backup.
 * @param sha256 of its list of artifacts
 */
export function rememberMade({ root, config }: Project, id: string, sha256: string): void {
  if (config.requireSignature === undefined && config.requiredSignature !== true) return;
  whyNot(() => {
    const known = readRemembered(root);
    const made = [...Object.entries(known.made ?? {}), [id, sha256] as const].slice(-MOST_MADE);
    remember(root, { ...known, made: Object.fromEntries(made) }, writeFileDurable);
  });
}

/** The SHA-256 of the list of artifacts of a backup that was made here; undefined if that is not known. */
export function madeHere(root: string, id: string): string | undefined {
  const made = remembered(root)?.made ?? {};
  return Object.hasOwn(made, id) ? made[id] : undefined;
}

/** A repository in the project is named by its relative path, because both may be moved together. */
function keyOf(root: string, repository: string): string {
  const inRoot = path.relative(root, repository);
  return inRoot.startsWith('..') || path.isAbsolute(inRoot) ? repository : inRoot;
}

function remember(root: string, what: Remembered, write: (file: string, text: string) => void): void {
  assertFolder(path.join(root, STATE_FOLDER));
  write(path.join(root, REMEMBERED), `${JSON.stringify(what)}\n`);
}

/** The system's reason if the work fails; null if it succeeds. */
function whyNot(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (!(error instanceof Error) || errnoOf(error) === undefined) throw error;
    return error.message;
  }
}

/** Nobody else writes it now, since the caller holds the project's lock. */
function removeHalfWritten(state: string): void {
  const beside = `${path.basename(REMEMBERED)}.`;
  try {
    const left = fs.readdirSync(state).filter((name) => name.startsWith(beside) && name.endsWith('.tmp'));
    for (const name of left) fs.rmSync(path.join(state, name), { force: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Whether this folder is a copy: at the remembered path there is another folder with the same id. */
function isCopy(root: string, { checkout, root: before }: Remembered): boolean {
  if (checkout === undefined || before === undefined || before === root) return false;
  return remembered(before)?.checkout === checkout && placeOf(before) !== placeOf(root);
}

/** Null if nothing is there, or if the file system does not tell the birth time: inode numbers are reused. */
function placeOf(root: string): string | null {
  const stat = fs.statSync(root, { bigint: true, throwIfNoEntry: false });
  return stat === undefined || stat.birthtimeNs === 0n ? null : `${stat.ino}-${stat.birthtimeNs}`;
}

const NOTHING = {
  id: undefined,
  requiresSignature: undefined,
  checkout: undefined,
  root: undefined,
  taken: undefined,
  made: undefined,
};

/** Null if it cannot be read. */
function remembered(root: string): Remembered | null {
  try {
    return readRemembered(root);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

/** A torn file counts as empty. Throws the system's error if the file cannot be read. */
function readRemembered(root: string): Remembered {
  try {
    const parsed: unknown = JSON.parse(readRegular(path.join(root, REMEMBERED), MAX_BYTES).toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null) return {};
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    const { id, requiresSignature, checkout, root: before, taken, made } = { ...NOTHING, ...parsed };
    const read = takenSchema.safeParse(taken);
    return {
      id: ownId(text(id)),
      requiresSignature: requiresSignature === true || undefined,
      checkout: text(checkout),
      root: text(before),
      taken: read.data,
      made: madeSchema.safeParse(made).data,
    };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return {};
    throw error;
  }
}
