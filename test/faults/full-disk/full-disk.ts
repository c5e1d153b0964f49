import fs from 'node:fs';
import path from 'node:path';
import type { CliResult } from '../../support/run-cli.ts';
import { Judge } from '../support/judge.ts';
import { mountTmpfs, remount, type Mounted } from '../support/mounts.ts';
import { COMMANDS, type CommandName, type Scenario } from '../support/scenario.ts';
import { readCalls, shimEnvironment } from '../support/shim.ts';
import type { Tally } from '../support/sweep.ts';

export interface FullDiskOptions {
  /** Its root lies in `mountPoint`. */
  readonly scenario: Scenario;
  readonly command: CommandName;
  readonly library: string;
  readonly mountPoint: string;
}

/** What is too small: so many bytes or inodes beyond those in use; or the disk is filled by somebody else at the `at`-th call. */
export type Limit = { readonly bytes: number } | { readonly inodes: number } | { readonly at: number };

const AMPLE = { bytes: 1 << 25, inodes: 2000 };
const PAGE = 4096;
const SIZES_BETWEEN = 4;

/** What a command says when the disk had no room for a line of its operation log. */
const NOT_LOGGED = 'the operation log could not be written';

/**
 * Runs a command on a tmpfs that has too little room. Each time its exit code is held against the state, `recover` runs on the disk as full as it
 * is and once more when there is room again, and what there is then is judged.
 */
export class FullDisk {
  readonly tally: Tally = { calls: 0, tried: 0, fired: 0, old: 0, new: 0, violations: [] };
  readonly #options: FullDiskOptions;
  readonly #judge: Judge;
  readonly #log: string;

  private constructor(options: FullDiskOptions) {
    this.#options = options;
    this.#judge = new Judge(options.command, options.scenario);
    this.#log = path.join(path.dirname(options.mountPoint), 'calls');
  }

  /** Runs the command once with ample room. */
  static async make(options: FullDiskOptions): Promise<{ disk: FullDisk; calls: number }> {
    const disk = new FullDisk(options);
    const { mountPoint, scenario, command } = options;
    using _mounted = await disk.#prepare();
    const env = disk.#environment();
    const { exitCode, stderr } = await scenario.run(COMMANDS[command].args, env);
    const problems = disk.#judge.undisturbed();
    if (exitCode !== 0 || problems.length > 0)
      throw new Error(`${command} in ${mountPoint} ended with ${exitCode}: ${stderr} ${problems.join()}`);
    return { disk, calls: readCalls(disk.#log).length };
  }

  /** Doubles the room until it is enough, then tries some sizes between the last that was not and the first that was. */
  async sweepSizes(what: 'bytes' | 'inodes'): Promise<void> {
    const limit = (extra: number): Limit => (what === 'bytes' ? { bytes: extra * PAGE } : { inodes: extra });
    let enough = 0;
    while (!(await this.run(limit(enough)))) enough = Math.max(1, enough * 2);
    for (let nth = 1; nth <= SIZES_BETWEEN; nth++) {
      const extra = Math.floor(enough / 2 + (nth * enough) / 2 / (SIZES_BETWEEN + 1));
      if (extra > enough / 2 && extra < enough) await this.run(limit(extra));
    }
  }

  /** One run. Returns whether the command found enough room. */
  async run(limit: Limit): Promise<boolean> {
    const { scenario, command } = this.#options;
    using disk = await this.#prepare();
    const filler = path.join(disk.at, 'filler');
    fs.mkdirSync(filler);
    const used = usedIn(disk.at);
    if ('bytes' in limit) remount(disk, sizes({ ...AMPLE, bytes: used.bytes + limit.bytes }));
    if ('inodes' in limit) remount(disk, sizes({ ...AMPLE, inodes: used.inodes + limit.inodes }));
    const fault = 'at' in limit ? { at: limit.at, kind: 'fill' as const, fill: filler } : {};
    const ran = await scenario.run(COMMANDS[command].args, this.#environment(fault));
    const isHit = 'at' in limit ? readCalls(this.#log).some(({ mark }) => mark === 'hit') : ran.exitCode !== 0;
    this.tally.tried++;
    if (isHit) this.tally.fired++;
    const where = `${command} with ${JSON.stringify(limit)}: `;
    this.#holdAgainstState(ran, where);
    const full = await scenario.run(['recover']);
    if (full.exitCode === 1) this.#complain(where, `recover on the full disk: ${full.stderr}`);
    fs.rmSync(filler, { recursive: true });
    remount(disk, sizes(AMPLE));
    const recovered = await scenario.run(['recover']);
    if (recovered.exitCode !== 0)
      this.#complain(where, `recover ended with ${recovered.exitCode}: ${recovered.stderr}`);
    const said = [ran, full, recovered].map(({ stdout, stderr }) => stdout + stderr).join('');
    // What has left a transaction behind is logged as soon as there is room; a removal is not.
    const unlogged = command === 'prune' && said.replaceAll(/\s+/g, ' ').includes(NOT_LOGGED);
    const { state, problems } = await this.#judge.settled({ logged: !unlogged });
    if (state !== 'mixed') this.tally[state]++;
    this.#complain(where, ...problems);
    return ran.exitCode === 0;
  }

  /** 7 says that it may be in between and what to run; everything else is a promise about the state it left. */
  #holdAgainstState({ exitCode, stderr }: CliResult, where: string): void {
    if (exitCode === 1) this.#complain(where, `exit code 1: ${stderr}`);
    if (exitCode === 7 || COMMANDS[this.#options.command].halfWay !== undefined) return;
    const { state, problems } = this.#judge.state();
    if (state !== (exitCode === 0 ? 'new' : 'old'))
      this.#complain(where, `exit code ${exitCode}, but ${problems.join() || state}: ${stderr}`);
  }

  #complain(where: string, ...problems: readonly string[]): void {
    this.tally.violations.push(...problems.map((problem) => where + problem));
  }

  /** A disk with ample room and the project on it. */
  async #prepare(): Promise<Mounted> {
    const { scenario, command, mountPoint } = this.#options;
    const mounted = mountTmpfs(mountPoint, sizes(AMPLE));
    await scenario.prepare(command);
    this.#judge.begin();
    fs.rmSync(this.#log, { force: true });
    return mounted;
  }

  #environment(fault: object = {}): Record<string, string> {
    const { scenario, library } = this.#options;
    return shimEnvironment(library, { root: scenario.root, log: this.#log, ...fault });
  }
}

function sizes({ bytes, inodes }: { readonly bytes: number; readonly inodes: number }): string {
  return `size=${bytes},nr_inodes=${inodes}`;
}

function usedIn(folder: string): { bytes: number; inodes: number } {
  const { blocks, bfree, bsize, files, ffree } = fs.statfsSync(folder);
  return { bytes: (blocks - bfree) * bsize, inodes: files - ffree };
}
