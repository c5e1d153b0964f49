import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import path from 'node:path';
import { isSea } from 'node:sea';
import { lstatOrNull } from '../../fs/durable.ts';
import type { Engine, Holder } from '../engine.ts';
import { lockHolders } from './lock-holders.ts';
import { KEEPER_SCRIPT, type KeeperAnswer, type KeeperRequest } from './lock-keeper.ts';
import { LOCK_KEEPER } from './lock-probe.ts';
import { lockKey, ourProcesses, ours } from './our-locks.ts';
import { scratchPlaces } from './scratch-places.ts';
import { askByOpening, classicLevelFile, unknownHolder } from './try-lock.ts';

function free(evidence: string): Holder {
  return { held: 'no', pids: [], evidence };
}

/** Locks of databases that are taken and released together, by a process of their own (lock-keeper.ts). */
export class LockLease {
  static #leases = 0;
  readonly #lease = ++LockLease.#leases;
  #keeper: Keeper | null = null;
  readonly #locks = new Set<string>();

  /**
   * Takes the lock on the file that the database's engine names. `held` is `no` if the lock is now ours or if nobody can have one; otherwise the
   * answer is that of `Engine.whoHolds`. On Windows it only asks who has the lock, because an open file cannot be renamed there.
   */
  async hold({ file, make }: ReturnType<Engine['lockOf']>): Promise<Holder> {
    if (process.platform === 'win32') return askByOpening(file);
    this.#keeper ??= Keeper.get();
    const answer = await this.#keeper.ask({
      lease: this.#lease,
      hold: path.resolve(file),
      make,
      scratch: scratchPlaces(path.dirname(file)),
    });
    const lock = lstatOrNull(file);
    if (answer === 'mine') {
      if (lock !== null) this.#note(lockKey(lock));
      return free('the lock is held by this migbackup');
    }
    if (answer === 'none') return free('there is no file to lock, and none can be made');
    if (answer === 'read-only') return free('nobody may write to it');
    const pids = lock === null ? [] : (lockHolders(lock)?.pids ?? []);
    if (answer === 'held') return { held: 'yes', pids, evidence: 'another process has the lock' };
    return unknownHolder(file, answer, pids);
  }

  /** False once the process that holds the locks is gone: then others can take them. */
  get stands(): boolean {
    return this.#keeper === null || this.#keeper.isAlive;
  }

  async release(): Promise<void> {
    for (const key of this.#locks) ours.delete(key);
    this.#locks.clear();
    const keeper = this.#keeper;
    this.#keeper = null;
    if (keeper === null) return;
    await keeper.ask({ lease: this.#lease, release: true });
    keeper.leave();
  }

  #note(key: string): void {
    this.#locks.add(key);
    ours.add(key);
  }
}

/** The one keeper that a process starts, at its first lease. It does not keep this process alive once no lease is left. */
class Keeper {
  static #started: Keeper | null = null;
  readonly #child: ChildProcess;
  readonly #waiting: ((answer: KeeperAnswer) => void)[] = [];
  #rest = '';
  #leases = 0;
  #failure: string | null = null;

  static get(): Keeper {
    if (Keeper.#started?.isAlive !== true) Keeper.#started = new Keeper();
    Keeper.#started.#enter();
    return Keeper.#started;
  }

  private constructor() {
    const [command, ...args] = keeperCommand();
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
    if (this.#child.pid !== undefined) ourProcesses.add(this.#child.pid);
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', () => this.#end('it ended'));
    this.#child.stdin?.on('error', (error) => this.#end(error.message));
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
  }

  get isAlive(): boolean {
    return this.#failure === null;
  }

  ask(request: KeeperRequest): Promise<KeeperAnswer> {
    return new Promise((resolve) => {
      if (this.#failure !== null) {
        resolve(this.#gone());
        return;
      }
      this.#waiting.push(resolve);
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  leave(): void {
    if (--this.#leases === 0) for (const handle of this.#handles()) handle.unref();
  }

  #enter(): void {
    if (this.#leases++ === 0) for (const handle of this.#handles()) handle.ref();
  }

  #handles(): (ChildProcess | Socket)[] {
    const pipes = [this.#child.stdin, this.#child.stdout].filter((pipe) => pipe instanceof Socket);
    return [this.#child, ...pipes];
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#waiting.shift()?.(JSON.parse(line));
  }

  #end(why: string): void {
    this.#failure ??= why;
    if (this.#child.pid !== undefined) ourProcesses.delete(this.#child.pid);
    for (const resolve of this.#waiting.splice(0)) resolve(this.#gone());
  }

  #gone(): KeeperAnswer {
    return `unknown: the process that holds the lock is gone (${this.#failure ?? ''})`;
  }
}

function keeperCommand(): [string, ...string[]] {
  if (isSea()) return [process.execPath, LOCK_KEEPER];
  return [process.execPath, '-e', KEEPER_SCRIPT, '--', classicLevelFile()];
}
