import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ODD_LOCK, type Holder } from '../databases/engine.ts';
import { engineOf, findDatabases, recogniseFolder, type DatabaseAt } from '../databases/engines.ts';
import { LockLease } from '../databases/locks/hold-locks.ts';
import { untilClosed, type OpenedFile } from '../databases/locks/who-has-open.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError, errnoOf } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import type { EngineName } from '../model/engine-name.ts';
import type { Finding } from '../model/finding.ts';
import { databasesOf } from '../model/stated-databases.ts';
import type { Manifest } from '../model/manifest.ts';
import { pathWord, shellLine } from '../model/shell-quote.ts';
import { escapeName } from '../paths/names.ts';
import { isInside, joined, parentOf, toNative } from '../paths/paths.ts';
import type { SetAside, Surroundings } from '../transaction/set-aside.ts';
import { statePaths } from '../transaction/state-folder.ts';
import type { Unit } from '../transaction/unit.ts';

/** How long we wait for a database that another process has open. A process that only writes a few records has closed it by then. */
const WAIT_MS = 3000;
const POLL_MS = 20;
/** Most programs give up on a locked database after five seconds, some after thirty. */
const STAY_MS = 35_000;

/** A database whose lock is to be taken. */
interface Target extends DatabaseAt {
  /** The absolute path of the database. */
  readonly place: string;
}

/**
 * Holds the locks of the databases that a change replaces and of those that it brings in, from before the safety backup to the commit: nobody else
 * can open them meanwhile, however often they try. `setAside` has what others wrote nevertheless.
 */
export class KeepOut implements Surroundings {
  readonly setAside: SetAside[] = [];
  readonly #root: string;
  /** Folders where the backup has a database, and its engine. */
  readonly #wanted: ReadonlyMap<string, EngineName>;
  readonly #lease = new LockLease();
  /** Database files that are replaced or moved away, as they were when they were locked. */
  readonly #old: { readonly path: string; readonly file: OpenedFile }[] = [];
  readonly #stayMs: number;

  /** @param stayMs how long to wait for processes that have the replaced file of a database open */
  constructor(root: string, manifest?: Manifest, stayMs = STAY_MS) {
    this.#root = root;
    this.#stayMs = stayMs;
    const databases = manifest === undefined ? [] : databasesOf(manifest);
    const folders = databases.filter(({ engine }) => engineOf(engine).shape === 'folder');
    this.#wanted = new Map(folders.map(({ path: at, engine }) => [at, engine]));
  }

  /**
   * Takes the locks of the databases that units replace. Throws DATABASE_HELD if a process uses one of them or may be using it, and IO if this user
   * may not find out.
   */
  async holdTargets(units: readonly Unit[]): Promise<void> {
    const targets = new Map<string, Target>();
    for (const unit of units) for (const target of this.#targets(unit)) targets.set(target.place, target);
    const until = Date.now() + WAIT_MS;
    for (const target of targets.values()) {
      refuseHeld(target.path, await onceLetGo(() => this.#hold(target), until));
      this.#remember(target);
    }
  }

  /**
   * Waits for processes that opened a database file just before it was replaced or moved away: they would go on with that file, and with the journal
   * of the file that is in its place now. Returns a finding for each one that does not close it. The caller still holds the locks.
   */
  async whoStays(signal: AbortSignal | undefined): Promise<Finding[]> {
    const findings: Finding[] = [];
    const until = performance.now() + this.#stayMs;
    for (const { path: at, file } of this.#old) {
      // The file is in its place: it was never moved, or it is back.
      if (this.#inodeAt(at) === file.ino) continue;
      const patienceMs = Math.max(0, until - performance.now());
      const { held, pids } = await untilClosed([file], { patienceMs, signal });
      if (held !== 'yes') continue;
      const who = pids.length === 0 ? 'a process' : `pid ${pids.join(', ')}`;
      findings.push({
        code: 'database-still-open',
        severity: 'warning',
        message: `${who} still has the file open that was ${escapeName(at)} before it was replaced`,
        path: at,
        recommendation: 'End it before it writes: it would mix the old file with the new journal.',
        evidence: { pids },
      });
    }
    return findings;
  }

  /**
   * Takes the locks of the staged databases, which do not have their modes and times yet.
   * @param owner whether a new lock file gets the owner that its database will have
   */
  async holdStaged(
    stage: string,
    units: readonly Unit[],
    content: ReadonlyMap<number, readonly Entry[]>,
    owner: boolean,
  ): Promise<void> {
    for (const unit of units) {
      const staged = path.join(stage, String(unit.n));
      for (const target of unit.hasNew ? this.#in(staged, unit) : []) {
        refuseHeld(target.path, await this.#hold(target));
        const { file, make } = engineOf(target.engine).lockOf(target.place);
        const entry = owner && make ? content.get(unit.n)?.find((each) => each.path === target.path) : undefined;
        if (entry !== undefined) fs.lchownSync(file, entry.uid, entry.gid);
      }
    }
  }

  /** Throws DATABASE_HELD if the process that holds the locks has ended. */
  assertHeld(): void {
    if (this.#lease.stands) return;
    throw new BackupError('DATABASE_HELD', 'the process that held the locks of the databases was ended', {
      hint: 'Everything was taken back. Run the command again.',
      path: this.#root,
    });
  }

  readonly keepOut = async (place: string, unit: Unit): Promise<void> => {
    // Nobody holds a file that was moved away by itself, but somebody may hold the folder that it was in.
    const isAround = place === path.dirname(toNative(this.#root, unit.path));
    const found = isAround ? this.#around(unit) : this.#below(place, unit.path);
    const targets = new Map(found.map((target) => [target.place, target]));
    // The folder is locked even if it is not a database yet, because a process may be about to make it one.
    const engine = unit.tree && !isAround ? this.#engineOf(unit) : null;
    if (engine !== null) targets.set(place, { place, path: unit.path, engine });
    const until = Date.now() + WAIT_MS;
    for (const target of targets.values()) {
      refuseHeld(target.path, await onceLetGo(() => this.#hold(target), until));
      this.#remember(target);
    }
  };

  readonly onSetAside = (found: SetAside): void => {
    this.setAside.push(found);
  };

  release(): Promise<void> {
    return this.#lease.release();
  }

  #remember({ place, path: at }: Target): void {
    const stat = lstatOrNull(place);
    if (stat?.isFile() !== true || this.#old.some(({ file }) => file.ino === stat.ino && file.dev === stat.dev)) return;
    this.#old.push({ path: at, file: stat });
  }

  /** Null also if the file cannot be examined: the change is done by now, and this must not make it fail. */
  #inodeAt(relative: string): bigint | null {
    try {
      return lstatOrNull(toNative(this.#root, relative))?.ino ?? null;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return null;
    }
  }

  #hold({ engine, place }: Target): Promise<Holder> {
    return this.#lease.hold(engineOf(engine).lockOf(place));
  }

  /** The databases that a unit moves, or the one that it is a part of: a unit that is a single file is in a folder that stays. */
  #targets(unit: Unit): Target[] {
    const { tree, database, old } = unit;
    if (tree || database?.path === unit.path || old?.type === 'dir')
      return this.#in(toNative(this.#root, unit.path), unit);
    return this.#around(unit);
  }

  /** The database whose folder directly contains the file. */
  #around(unit: Unit): Target[] {
    const folder = parentOf(unit.path);
    const native = toNative(this.#root, folder);
    const engine = this.#wanted.get(folder) ?? recogniseFolder(native)?.name;
    return engine === undefined ? [] : [{ place: native, path: folder, engine }];
  }

  /** The databases in a unit, at the place where the unit is now. */
  #in(place: string, { tree, path: at, database }: Unit): Target[] {
    const stat = lstatOrNull(place);
    // A folder that is replaced by a file may be a database itself.
    if (tree || stat?.isDirectory() === true) return this.#below(place, at);
    return database?.path === at && stat?.isFile() === true ? [{ place, ...database }] : [];
  }

  #engineOf({ n, path: relative }: Unit): EngineName | null {
    const { stage, aside } = statePaths(this.#root);
    const places = [path.join(stage, String(n)), path.join(aside, String(n)), toNative(this.#root, relative)];
    const found = places.map((place) => recogniseFolder(place)).find((engine) => engine !== null);
    return this.#wanted.get(relative) ?? found?.name ?? null;
  }

  /** The databases at and below a place, and the folders there that the backup replaces with databases. */
  #below(place: string, relative: string): Target[] {
    const found = findDatabases(place, relative);
    const known = new Set(found.map((target) => target.path));
    const wanted = [...this.#wanted].flatMap(([at, engine]): Target[] => {
      if (known.has(at) || !isInside(at, relative)) return [];
      const native = place + at.slice(relative.length);
      return lstatOrNull(native)?.isDirectory() === true ? [{ place: native, path: at, engine }] : [];
    });
    return [...found, ...wanted];
  }
}

/** Asks again until nobody has the database open or the time is up, because many programs open one only for a moment. */
export async function onceLetGo(ask: () => Promise<Holder>, until = Date.now() + WAIT_MS): Promise<Holder> {
  for (;;) {
    const holder = await ask();
    if (holder.held !== 'yes' || Date.now() >= until) return holder;
    await sleep(POLL_MS);
  }
}

const STOP_IT = 'Stop the process that uses the database, then run the command again. Nothing was changed.';
const PUT_IT_RIGHT = 'Nothing was changed. Fix the cause that the message names, then run the command again.';

function lookAtLock(relative: string): string {
  const lock = escapeName(`${relative}/LOCK`);
  return `Look at ${lock}, and remove it if nothing uses the database; then run the command again. Nothing was changed.`;
}

/** Throws DATABASE_HELD unless nobody has the database open, and IO if this user may not find out. */
export function refuseHeld(relative: string, { held, pids, evidence, forbidden }: Holder): void {
  if (held === 'no') return;
  const who = pids.length > 0 ? ` (pid ${pids.join(', ')})` : '';
  const unknown = `it cannot be told whether ${escapeName(relative)} is in use: ${evidence}`;
  const details = { pids, evidence };
  if (forbidden !== undefined) {
    const lock =
      relative.endsWith(`/${forbidden.name}`) || relative === forbidden.name
        ? relative
        : joined(relative, forbidden.name);
    throw new BackupError('IO', `${unknown}, ${escapeName(lock)} may not be opened`, {
      hint: `Nothing was changed. ${howToOpenLock(lock, forbidden)}`,
      path: lock,
      details,
    });
  }
  throw new BackupError(
    'DATABASE_HELD',
    held === 'yes' ? `${escapeName(relative)} is in use by another process${who}` : unknown,
    {
      hint: held === 'yes' ? STOP_IT : evidence === ODD_LOCK ? lookAtLock(relative) : PUT_IT_RIGHT,
      path: relative,
      details,
    },
  );
}

function howToOpenLock(lock: string, { lacks, owner }: NonNullable<Holder['forbidden']>): string {
  if (owner !== process.getuid?.())
    return `${escapeName(lock)} belongs to user ${owner}: run as that user or as root, or have it made writable.`;
  return `In the project, run: ${shellLine(['chmod', `u+${lacks}`, pathWord(lock)])}, then the same command again.`;
}
