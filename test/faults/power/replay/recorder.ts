import { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Change, Disk } from './disk.ts';
import { HANDLERS, UNKNOWN } from './handlers.ts';
import { nameClass, syncSite } from './sync-site.ts';
import { Tracker, type Args } from './tracker.ts';

/** One thing that was done to the disk, in the order in which it was done. */
export type Step = { readonly label: string } & (
  | { readonly kind: 'change'; readonly change: Change }
  /** `node` null: everything (syncfs). */
  | { readonly kind: 'sync'; readonly node: number | null; readonly site: string }
);

export interface Recording {
  /** The disk as it was before, with the inodes that were made later, which nothing names yet. */
  readonly base: Disk;
  readonly steps: readonly Step[];
}

export interface RecordOptions {
  /** Called after each step. */
  readonly onStep?: (step: Step) => void;
  /** True: the process is "killed" after this step, and nothing reaches the disk any more. */
  readonly killAfter?: (step: Step) => boolean;
}

const set = (target: object, name: string, value: unknown): void => {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
};

/** Records what is done below one folder, by exchanging the functions of node:fs themselves, so that what ships is what is recorded. */
export class Recorder {
  readonly steps: Step[] = [];
  readonly tracker: Tracker;
  readonly #options: RecordOptions;
  #killed = false;

  constructor(root: string, options: RecordOptions = {}) {
    this.#options = options;
    this.tracker = new Tracker(root, (change, label) => this.#step({ kind: 'change', change, label }));
  }

  get recording(): Recording {
    return { base: this.tracker.base, steps: this.steps };
  }

  /** Runs `work` and records it; what it throws is the caller's. */
  async record<T>(work: () => Promise<T>): Promise<T> {
    const names = [...Object.keys(HANDLERS), ...UNKNOWN, 'fsyncSync'];
    const originals = new Map(names.map((name) => [name, Reflect.get(fs, name)]));
    const { unlink } = fs.promises;
    set(fs.promises, 'unlink', async (...args: Parameters<typeof unlink>) => {
      if (this.#killed) throw killed();
      await unlink(...args);
      this.tracker.removed(args[0]);
    });
    const { fsync, write } = fs;
    set(fs, 'write', (...args: unknown[]) => this.#writing(write, args));
    set(fs, 'fsync', (fd: number, answer: fs.NoParamCallback) => this.#syncing(fd, fsync, answer));
    const spawn = Reflect.get(ChildProcess.prototype, 'spawn');
    for (const [name, original] of originals) set(fs, name, this.#exchange(name, original));
    const onSpawn = (child: ChildProcess, options: unknown): void => this.#spawned(child, options);
    set(ChildProcess.prototype, 'spawn', function exchanged(this: ChildProcess, ...args: unknown[]): unknown {
      onSpawn(this, args[0]);
      return Reflect.apply(spawn, this, args);
    });
    try {
      return await work();
    } finally {
      for (const [name, original] of originals) set(fs, name, original);
      set(ChildProcess.prototype, 'spawn', spawn);
      set(fs.promises, 'unlink', unlink);
      set(fs, 'fsync', fsync);
      set(fs, 'write', write);
    }
  }

  #exchange(name: string, original: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
    return (...args) => {
      if (this.#killed && name !== 'closeSync') throw killed();
      if (UNKNOWN.includes(name)) throw new Error(`${name} is not recorded`);
      const result = Reflect.apply(original, fs, args);
      if (name === 'fsyncSync') this.#synced(args);
      else HANDLERS[name]?.(this.tracker, args, result);
      return result;
    };
  }

  /** The child process that syncs a whole file system: it is done when that has ended well. */
  #spawned(child: ChildProcess, options: unknown): void {
    const { file, args } = Object(options);
    if (path.basename(String(file)) !== 'sync' || !Array.isArray(args) || !args.includes('-f')) return;
    const site = syncSite();
    child.once('exit', (code) => {
      if (code === 0) this.#step({ kind: 'sync', node: null, site, label: 'sync of everything' });
    });
  }

  #synced([fd]: Args, site = syncSite()): void {
    const node = this.tracker.files.get(Number(fd))?.node;
    if (node === undefined) return;
    const name = this.tracker.pathOf(node);
    this.#step({ kind: 'sync', node, site: `${site} ${nameClass(name)}`, label: `sync ${name}` });
  }

  /** A sync on another thread is done when it calls back; nothing is written to its file meanwhile. */
  #syncing(fd: number, fsync: typeof fs.fsync, answer: fs.NoParamCallback): void {
    if (this.#killed) {
      setImmediate(answer, killed());
      return;
    }
    const site = syncSite();
    fsync(fd, (error) => {
      if (error === null && !this.#killed) this.#synced([fd], site);
      answer(this.#killed && error === null ? killed() : error);
    });
  }

  /** A write on another thread is done when it calls back. */
  #writing(write: typeof fs.write, args: unknown[]): void {
    const answer = args.pop();
    if (typeof answer !== 'function') throw new Error('write without a callback is not recorded');
    if (this.#killed) {
      setImmediate(() => Reflect.apply(answer, null, [killed()]));
      return;
    }
    const done = (error: unknown, written: number, bytes: unknown): void => {
      if (error === null && !this.#killed) this.tracker.wrote(args, written);
      Reflect.apply(answer, null, [this.#killed && error === null ? killed() : error, written, bytes]);
    };
    Reflect.apply(write, fs, [...args, done]);
  }

  #step(step: Step): void {
    this.steps.push(step);
    this.#options.onStep?.(step);
    if (this.#options.killAfter?.(step) === true) this.#killed = true;
  }
}

function killed(): Error {
  return Object.assign(new Error('killed'), { code: 'kill' });
}
