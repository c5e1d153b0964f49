import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { lstatOrNull } from '../fs/durable.ts';
import { settledNames } from '../databases/engines.ts';
import { Pacer } from '../concurrency/pacer.ts';
import { toNative } from '../paths/paths.ts';
import { TICK_MS } from './file-state.ts';
import { listNames, type FolderNames } from './folder-names.ts';

/**
 * A folder changes when a name is added or removed in it. In a folder with a database the names of its parts do not count, because they come and go
 * while the database is in use.
 */
export type FolderKind = 'folder' | 'database';

/** Folders that changed during a walk, by path. */
export type RestlessFolders = ReadonlyMap<string, FolderKind>;

const CHUNK_CHARACTERS = 1 << 16;
/** How many names of restless folders are kept until they have been walked. Folders with more than this never keep still. */
const MOST_NAMES = 20_000;

/** What was in a folder at the moment when it was listed together with others. */
export interface FolderAtOnce extends FolderNames {
  readonly stats: ReadonlyMap<string, fs.BigIntStats>;
  /** The targets of its links. */
  readonly targets: ReadonlyMap<string, Buffer>;
}

/** By path. */
export type FoldersAtOnce = ReadonlyMap<string, FolderAtOnce>;

/**
 * Records how folders were when a walk listed them, and tells whether they were still so when all had been listed. If they were, all listed names
 * existed together at one moment, so nothing that was moved from one folder to another can have been missed. It keeps about 50 bytes and the path for
 * each folder.
 */
export class FolderLooks {
  readonly #root: string;
  readonly #together: FoldersAtOnce;
  readonly #ticks = new Ticks();
  readonly #chunks: Buffer[] = [];
  readonly #holding = new Map<string, string>();
  #lines = '';
  /** Folders that changed so shortly before they were listed that another change could have the same time. */
  readonly #young = new Set<string>();

  /** @param together folders that were listed at once before the walk. The walk uses what was in them then */
  constructor(root: string, together: FoldersAtOnce = new Map()) {
    this.#root = root;
    this.#together = together;
  }

  /** Whether a folder changed so shortly before it was listed that its times would not show another change. */
  get isYoung(): boolean {
    return [...this.#young].some((folder) => !this.#holding.has(folder));
  }

  /** Whether any folder was listed at once before the walk. */
  get hasAny(): boolean {
    return this.#together.size > 0;
  }

  /** A folder that was listed at once before the walk. */
  atOnce(folder: string): FolderAtOnce | undefined {
    return this.#together.get(folder);
  }

  /** Records a folder that is listed. `stat` was taken before that. */
  note(folder: string, stat: fs.BigIntStats, kind: FolderKind, names: readonly string[]): void {
    if (this.#together.has(folder)) return;
    if (kind === 'folder' && this.#ticks.untilOld(toNative(this.#root, folder), stat) > 0) this.#young.add(folder);
    this.#lines += `${folder}\0${kind}\0${stampOf(stat, kind, names)}\n`;
    if (this.#lines.length >= CHUNK_CHARACTERS) this.#chunks.push(Buffer.from(this.#lines));
    if (this.#lines.length >= CHUNK_CHARACTERS) this.#lines = '';
  }

  /** Records that a folder holds a database: parts of it that come and go do not change the folder. */
  holdsDatabase(folder: string, names: readonly string[]): void {
    const stat = lstatOrNull(toNative(this.#root, folder));
    if (stat !== null && !this.#together.has(folder)) this.#holding.set(folder, stampOf(stat, 'database', names));
  }

  /** Examines every folder again. Returns those that are not as they were. */
  async moved(): Promise<RestlessFolders> {
    const pacer = new Pacer();
    const moved = new Map<string, FolderKind>();
    for (const { folder, kind, stamp } of this.#noted()) {
      if (standing(toNative(this.#root, folder), kind) !== stamp) moved.set(folder, kind);
      if (pacer.due()) await pacer.turn();
    }
    return moved;
  }

  /**
   * The folders that this walk found different from an earlier one, or that only this walk found. Other folders were listed at once between the two
   * walks. Something may have been moved between those and one of these folders in the meantime, so that neither list has it.
   */
  unlike(earlier: FolderLooks): RestlessFolders {
    const before = new Map<string, string>();
    for (const { folder, stamp } of earlier.#noted()) before.set(folder, stamp);
    const unlike = new Map<string, FolderKind>();
    for (const { folder, kind, stamp } of this.#noted()) if (before.get(folder) !== stamp) unlike.set(folder, kind);
    return unlike;
  }

  *#noted(): Generator<{ folder: string; kind: FolderKind; stamp: string }> {
    for (const chunk of [...this.#chunks, Buffer.from(this.#lines)]) {
      for (const line of chunk.toString('utf8').split('\n')) {
        const [folder = '', kind, stamp = ''] = line.split('\0');
        if (kind !== 'folder' && kind !== 'database') continue;
        const held = this.#holding.get(folder);
        yield held === undefined ? { folder, kind, stamp } : { folder, kind: 'database', stamp: held };
      }
    }
  }
}

/**
 * Lists folders so that everything in them existed together at one moment: no folder changes between a first look at all of them and a last one. Null
 * if that does not succeed before `deadline`, or if there are too many names in them.
 */
export async function lookAtOnce(
  root: string,
  folders: RestlessFolders,
  deadline: number,
  mostNames = MOST_NAMES,
): Promise<FoldersAtOnce | null> {
  const ticks = new Ticks();
  const pacer = new Pacer();
  const all = [...folders].map(([folder, kind]) => ({ folder, kind, native: toNative(root, folder) }));
  for (;;) {
    const before = all.map(({ native, kind }) => standing(native, kind));
    const waits = all.map(({ native, kind }) => (kind === 'folder' ? ticks.untilOld(native, lstatOrNull(native)) : 0));
    const wait = Math.max(0, ...waits);
    if (wait === 0) {
      const seen = new Map<string, FolderAtOnce>();
      let count = 0;
      for (const { folder, native } of all) {
        const found = lookInto(native, mostNames);
        if (found !== null) seen.set(folder, found);
        count += found?.names.length ?? 0;
        if (count > mostNames) return null;
      }
      if (all.every(({ native, kind }, at) => standing(native, kind) === before[at])) return seen;
    }
    if (performance.now() > deadline) return null;
    if (wait > 0) await setTimeout(wait);
    else if (pacer.due()) await pacer.turn();
  }
}

/** Null if it cannot be listed or is not a folder. Then the walk deals with it. */
function lookInto(folder: string, mostNames: number): FolderAtOnce | null {
  const stats = new Map<string, fs.BigIntStats>();
  const targets = new Map<string, Buffer>();
  try {
    if (!fs.lstatSync(folder).isDirectory()) return null;
    const listed = listNames(folder);
    if (listed.names.length > mostNames) return { ...listed, stats, targets };
    for (const name of listed.names) {
      const file = folder + path.sep + name;
      const stat = lstatOrNull(file);
      if (stat !== null) stats.set(name, stat);
      if (stat?.isSymbolicLink()) targets.set(name, fs.readlinkSync(file, { encoding: 'buffer' }));
    }
    return { ...listed, stats, targets };
  } catch {
    return null;
  }
}

/** A text that differs if the folder has changed; `gone` if there is no folder. */
function standing(native: string, kind: FolderKind): string {
  try {
    const stat = lstatOrNull(native);
    if (stat === null || !stat.isDirectory()) return 'gone';
    return stampOf(stat, kind, kind === 'database' ? listNames(native).names : []);
  } catch {
    return 'gone';
  }
}

function stampOf({ ino, mtimeNs, ctimeNs }: fs.BigIntStats, kind: FolderKind, names: readonly string[]): string {
  if (kind === 'folder') return `${ino} ${mtimeNs} ${ctimeNs}`;
  return `${ino} ${settledNames(names).join('/')}`;
}

/**
 * File systems on which a change always gets another time if the time before it has been read (multigrain timestamps, Linux 6.13): ext4, XFS, btrfs,
 * tmpfs.
 */
const FINE_TIMES: readonly number[] = [0xef53, 0x58465342, 0x9123683e, 0x01021994];

/** How long it takes until another change would show, by device. */
class Ticks {
  readonly #known = new Map<bigint, number>();

  /** The milliseconds until the last change of a folder is so old that the next one will have another time. 0 if there is no folder. */
  untilOld(native: string, stat: fs.BigIntStats | null): number {
    if (stat === null) return 0;
    const age = Math.abs(Date.now() - Number(stat.ctimeNs) / 1e6);
    return age >= TICK_MS ? 0 : Math.max(0, this.#tick(native, stat.dev) - age);
  }

  #tick(native: string, device: bigint): number {
    const known = this.#known.get(device);
    if (known !== undefined) return known;
    const tick = hasFineTimes(native) ? 0 : TICK_MS;
    this.#known.set(device, tick);
    return tick;
  }
}

function hasFineTimes(native: string): boolean {
  const [major = 0, minor = 0] = os.release().split('.').map(Number);
  if (process.platform !== 'linux' || major < 6 || (major === 6 && minor < 13)) return false;
  try {
    return FINE_TIMES.includes(fs.statfsSync(native).type);
  } catch {
    return false;
  }
}
