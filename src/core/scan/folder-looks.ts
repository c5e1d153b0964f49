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

/** A folder changes with every name that comes or goes in it; where a database is, only other names than its parts' count, since those come and go while it is in use. */
export type FolderKind = 'folder' | 'database';

/** Folders that did not keep still, by path. */
export type RestlessFolders = ReadonlyMap<string, FolderKind>;

const CHUNK_CHARACTERS = 1 << 16;
/** What is kept of restless folders until they have been walked; more than this never keeps still. */
const MOST_NAMES = 20_000;

/** A folder that was looked at together with others: what was in it at that moment. */
export interface FolderAtOnce extends FolderNames {
  readonly stats: ReadonlyMap<string, fs.BigIntStats>;
  /** Where its links point to. */
  readonly targets: ReadonlyMap<string, Buffer>;
}

/** By path. */
export type FoldersAtOnce = ReadonlyMap<string, FolderAtOnce>;

/**
 * How the folders stood when a walk listed them, and whether they stood so until all were listed. If they did, all names that were listed were there
 * together at one moment, so nothing that moved from one folder to another can have been missed. About 50 bytes and the path of each folder are kept.
 */
export class FolderLooks {
  readonly #root: string;
  readonly #together: FoldersAtOnce;
  readonly #ticks = new Ticks();
  readonly #chunks: Buffer[] = [];
  readonly #holding = new Map<string, string>();
  #lines = '';
  /** Changed so shortly before they were listed that another change could carry the same time. */
  readonly #young = new Set<string>();

  /** @param together folders that were looked at before the walk, which takes them as they were then */
  constructor(root: string, together: FoldersAtOnce = new Map()) {
    this.#root = root;
    this.#together = together;
  }

  /** A folder changed so shortly before it was listed that its times do not tell of another change. */
  get isYoung(): boolean {
    return [...this.#young].some((folder) => !this.#holding.has(folder));
  }

  /** Whether any folder was looked at before the walk. */
  get hasAny(): boolean {
    return this.#together.size > 0;
  }

  /** A folder that was looked at before the walk. */
  atOnce(folder: string): FolderAtOnce | undefined {
    return this.#together.get(folder);
  }

  /** Notes a folder that is listed. `stat` was taken before that. */
  note(folder: string, stat: fs.BigIntStats, kind: FolderKind, names: readonly string[]): void {
    if (this.#together.has(folder)) return;
    if (kind === 'folder' && this.#ticks.untilOld(toNative(this.#root, folder), stat) > 0) this.#young.add(folder);
    this.#lines += `${folder}\0${kind}\0${stampOf(stat, kind, names)}\n`;
    if (this.#lines.length >= CHUNK_CHARACTERS) this.#chunks.push(Buffer.from(this.#lines));
    if (this.#lines.length >= CHUNK_CHARACTERS) this.#lines = '';
  }

  /** A folder that was noted holds a database: what comes and goes beside that is no change of it. */
  holdsDatabase(folder: string, names: readonly string[]): void {
    const stat = lstatOrNull(toNative(this.#root, folder));
    if (stat !== null && !this.#together.has(folder)) this.#holding.set(folder, stampOf(stat, 'database', names));
  }

  /** Looks at every folder again. Answers those that are not as they were. */
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
   * Folders that this walk found otherwise than an earlier one did, or that it alone found. What was looked at together lies between the two walks: something may have
   * come from there into one of these folders, or have gone there, and be in neither.
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
 * Looks at folders so that all that is in them was there together at one moment: none of them changes from a first look at all to a last look at all.
 * Null if that does not happen until `deadline`, or if there is too much in them.
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

/** What cannot be looked at, or is no folder, is null and left to the walk. */
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

/** By what it shows that a folder is not what it was; `gone` where no folder is. */
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

/** File systems whose next change of something that was looked at always carries another time (multigrain timestamps, Linux 6.13): ext4, XFS, btrfs, tmpfs. */
const FINE_TIMES: readonly number[] = [0xef53, 0x58465342, 0x9123683e, 0x01021994];

/** After how long a change would show, by device. */
class Ticks {
  readonly #known = new Map<bigint, number>();

  /** In how many milliseconds the last change of a folder is so old that the next one will carry another time. Nothing there: 0. */
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
