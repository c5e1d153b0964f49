import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Judge } from '../support/judge.ts';
import { Disk, type DiskType } from '../support/mounts.ts';
import { COMMANDS, type CommandName, type Scenario } from '../support/scenario.ts';
import { readCalls, shimEnvironment, type Call } from '../support/shim.ts';
import type { Mutation, Tally } from '../support/sweep.ts';

export interface PowerCutOptions {
  /** Its root lies in `mountPoint`. */
  readonly scenario: Scenario;
  readonly library: string;
  readonly command: CommandName;
  readonly type: DiskType;
  /** Where the images are; a tmpfs makes it quick. */
  readonly images: string;
  readonly mountPoint: string;
  readonly samples: number;
  readonly mutation?: Mutation;
}

/**
 * Cuts the power of a disk under a command, at one call after another and once when the command has ended, mounts what is left, lets `recover`
 * run and judges what there is then.
 */
export async function sweepPowerCuts(options: PowerCutOptions): Promise<Tally> {
  const sweep = new PowerCuts(options);
  const calls = await sweep.begin();
  const { samples, mutation } = options;
  const eligible =
    mutation === undefined ? calls : calls.filter(({ path: at, to }) => mutation.near.test(`${at} ${to}`));
  const tally: Tally = { calls: calls.length, tried: 0, fired: 0, old: 0, new: 0, violations: [] };
  const stride = Math.max(1, eligible.length / samples);
  for (let nth = stride / 2; nth < eligible.length; nth += stride) {
    await sweep.cut(eligible[Math.floor(nth)]?.number ?? 0, tally);
    if (mutation !== undefined && tally.violations.length > 0) return tally;
  }
  await sweep.cut(null, tally);
  return tally;
}

class PowerCuts {
  readonly #options: PowerCutOptions;
  readonly #base: Disk;
  readonly #disk: Disk;
  readonly #copy: Disk;
  readonly #judge: Judge;
  readonly #log: string;

  constructor(options: PowerCutOptions) {
    const { type, images, mountPoint, command, scenario } = options;
    const disk = (name: string): Disk => new Disk(type, path.join(images, name), mountPoint);
    this.#options = options;
    this.#base = disk('base.img');
    this.#disk = disk('disk.img');
    this.#copy = disk('copy.img');
    this.#judge = new Judge(command, scenario);
    this.#log = path.join(images, 'calls');
  }

  /** Prepares the disk that every cut begins from, and runs the command once undisturbed. Returns its calls. */
  async begin(): Promise<Call[]> {
    const { scenario, command } = this.#options;
    this.#base.format();
    {
      using mounted = this.#base.mount();
      await scenario.prepare(command);
      this.#judge.begin();
      execFileSync('sync', ['-f', mounted.at]);
    }
    this.#base.copyTo(this.#disk);
    using _mounted = this.#disk.mount();
    const { exitCode, stderr } = await this.#run({});
    if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}: ${stderr}`);
    const problems = this.#judge.undisturbed();
    if (problems.length > 0) throw new Error(`${command}: ${problems.join('; ')}`);
    return readCalls(this.#log).filter(({ mark }) => mark === '');
  }

  /** One power cut: at a call, or with null when the command has said that all is done. */
  async cut(at: number | null, tally: Tally): Promise<void> {
    const { command, scenario } = this.#options;
    this.#base.copyTo(this.#disk);
    tally.tried++;
    const { exitCode, disk } = await this.#runUntil(at);
    const hit = readCalls(this.#log).find(({ mark }) => mark === 'hit');
    if (at === null ? exitCode === 0 : hit !== undefined) tally.fired++;
    using _again = disk.mount();
    const recovered = await scenario.run(['recover']);
    const { state, problems } = await this.#judge.settled();
    if (state !== 'mixed') tally[state]++;
    const where = `${command}, power cut ${at === null ? 'at the end' : `at ${at} (${hit?.name} ${hit?.path})`}: `;
    if (recovered.exitCode !== 0)
      tally.violations.push(`${where}recover ended with ${recovered.exitCode}: ${recovered.stderr}`);
    if (at === null && state !== 'new') tally.violations.push(`${where}what was reported as done is lost`);
    tally.violations.push(...problems.map((problem) => where + problem));
  }

  /** Returns the disk that holds what has outlived the cut. */
  async #runUntil(at: number | null): Promise<{ exitCode: number | null; disk: Disk }> {
    using mounted = this.#disk.mount();
    const isCopied = this.#disk.kind.cut === 'copy';
    const fault = at === null ? {} : ({ at, kind: isCopied ? 'kill' : 'cut' } as const);
    const { exitCode } = await this.#run(fault);
    if (isCopied) {
      this.#disk.copyTo(this.#copy);
      return { exitCode, disk: this.#copy };
    }
    if (at === null) this.#cutNow(mounted.at);
    return { exitCode, disk: this.#disk };
  }

  #run(fault: { at?: number; kind?: 'kill' | 'cut' }) {
    const { scenario, command, library, mutation } = this.#options;
    fs.rmSync(this.#log, { force: true });
    const drop = mutation?.drop === undefined ? {} : { drop: mutation.drop };
    const env = shimEnvironment(library, { root: scenario.root, log: this.#log, ...drop, ...fault });
    return scenario.run(COMMANDS[command].args, env);
  }

  #cutNow(root: string): void {
    const env = shimEnvironment(this.#options.library, { root, at: 0, kind: 'cut' });
    const { signal, stderr } = spawnSync('true', { env: { ...process.env, ...env }, encoding: 'utf8' });
    if (signal !== 'SIGKILL') throw new Error(`the power was not cut: ${stderr}`);
  }
}
