import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockLease } from '../databases/leveldb/capture/hold-locks.ts';
import type { Holder } from '../databases/leveldb/capture/holder.ts';
import { recogniseDatabase } from '../databases/leveldb/format/recognise.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import type { Manifest } from '../model/manifest.ts';
import { escapeName } from '../paths/names.ts';
import { parentOf, toNative } from '../paths/paths.ts';
import type { SetAside, Surroundings } from '../transaction/set-aside.ts';
import { statePaths } from '../transaction/state-folder.ts';
import type { Unit } from '../transaction/unit.ts';

/** How long somebody who has a database may keep it before we give up: who only writes a few records has gone by then. */
const WAIT_MS = 3000;
const POLL_MS = 20;

/**
 * Holds the locks of the databases that a change replaces and of those that it brings in, from before the safety backup to the commit: nobody
 * else opens them meanwhile, however often he tries. What others do all the same is in `setAside`.
 */
export class KeepOut implements Surroundings {
  readonly setAside: SetAside[] = [];
  readonly #root: string;
  /** Where the backup has a database. */
  readonly #wanted: ReadonlySet<string>;
  readonly #lease = new LockLease();

  constructor(root: string, manifest?: Manifest) {
    this.#root = root;
    const sources = Object.values(manifest?.categories ?? {}).flatMap((category) => category.sources);
    this.#wanted = new Set(sources.flatMap((source) => (source.databases ?? []).map((database) => database.path)));
  }

  /** Throws DATABASE_HELD if somebody has one of them, or may have it. */
  async holdTargets(units: readonly Unit[]): Promise<void> {
    const folders = new Map<string, string>();
    for (const unit of units) {
      const places = unit.tree ? this.#databases(toNative(this.#root, unit.path), unit.path) : this.#around(unit);
      for (const [folder, relative] of places) folders.set(folder, relative);
    }
    const until = Date.now() + WAIT_MS;
    for (const [folder, relative] of folders)
      refuseHeld(relative, await onceLetGo(() => this.#lease.hold(folder), until));
  }

  /**
   * The same for what has been staged and has not got its modes and times yet.
   * @param owner LOCK gets the owner that its folder will have
   */
  async holdStaged(
    stage: string,
    units: readonly Unit[],
    content: ReadonlyMap<number, readonly Entry[]>,
    owner: boolean,
  ): Promise<void> {
    for (const unit of units) {
      const staged = path.join(stage, String(unit.n));
      for (const [folder, relative] of unit.tree && unit.hasNew ? this.#databases(staged, unit.path) : []) {
        refuseHeld(relative, await this.#lease.hold(folder));
        const entry = owner ? content.get(unit.n)?.find((each) => each.path === relative) : undefined;
        if (entry !== undefined) fs.lchownSync(path.join(folder, 'LOCK'), entry.uid, entry.gid);
      }
    }
  }

  /** Throws DATABASE_HELD once the process that holds the locks is gone. */
  assertHeld(): void {
    if (this.#lease.stands) return;
    throw new BackupError('DATABASE_HELD', 'the process that held the locks of the databases was ended', {
      hint: 'Everything was taken back. Run the command again.',
      path: this.#root,
    });
  }

  readonly keepOut = async (folder: string, unit: Unit): Promise<void> => {
    const base = unit.tree ? unit.path : parentOf(unit.path);
    const folders = new Map(this.#databases(folder, base));
    // Also where it is no database yet, but somebody is about to make one.
    if (unit.tree && this.#isDatabase(unit)) folders.set(folder, base);
    const until = Date.now() + WAIT_MS;
    for (const [each, relative] of folders) refuseHeld(relative, await onceLetGo(() => this.#lease.hold(each), until));
  };

  readonly onSetAside = (found: SetAside): void => {
    this.setAside.push(found);
  };

  release(): Promise<void> {
    return this.#lease.release();
  }

  /** A file that is a unit of its own lies in a folder that stays. */
  #around(unit: Unit): [folder: string, relative: string][] {
    const relative = parentOf(unit.path);
    const folder = toNative(this.#root, relative);
    return this.#wanted.has(relative) || recogniseDatabase(folder) !== null ? [[folder, relative]] : [];
  }

  #isDatabase({ n, path: relative }: Unit): boolean {
    const { stage, aside } = statePaths(this.#root);
    const places = [path.join(stage, String(n)), path.join(aside, String(n)), toNative(this.#root, relative)];
    return this.#wanted.has(relative) || places.some((place) => recogniseDatabase(place) !== null);
  }

  /** The databases at and below a folder, and what is in the place of one. */
  #databases(folder: string, relative: string): [folder: string, relative: string][] {
    if (lstatOrNull(folder)?.isDirectory() !== true) return [];
    const entries = fs.readdirSync(folder, { withFileTypes: true });
    const names = entries.map(({ name }) => name);
    const here = this.#wanted.has(relative) || recogniseDatabase(folder, names) !== null;
    const below = entries.filter((entry) => entry.isDirectory());
    return [
      ...(here ? [[folder, relative] as [string, string]] : []),
      ...below.flatMap(({ name }) => this.#databases(path.join(folder, name), `${relative}/${name}`)),
    ];
  }
}

/** Asks until nobody has the database any more, or the time is up: many open one for moments only. */
export async function onceLetGo(ask: () => Promise<Holder>, until = Date.now() + WAIT_MS): Promise<Holder> {
  for (;;) {
    const holder = await ask();
    if (holder.held !== 'yes' || Date.now() >= until) return holder;
    await sleep(POLL_MS);
  }
}

/** Throws DATABASE_HELD unless nobody has the database. */
export function refuseHeld(relative: string, { held, pids, evidence }: Holder): void {
  if (held === 'no') return;
  const who = pids.length > 0 ? ` (pid ${pids.join(', ')})` : '';
  throw new BackupError(
    'DATABASE_HELD',
    held === 'yes'
      ? `${escapeName(relative)} is in use by another process${who}`
      : `it cannot be told whether ${escapeName(relative)} is in use: ${evidence}`,
    {
      hint: 'Stop the process that uses the database, then run the command again. Nothing was changed.',
      path: relative,
      details: { pids, evidence },
    },
  );
}
