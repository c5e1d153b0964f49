import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Judge } from './judge.ts';
import { COMMANDS, type CommandName, type Scenario } from './scenario.ts';
import { readCalls, shimEnvironment, type Call } from './shim.ts';

/** A deliberate defect, to prove that a sweep would see it. */
export interface Mutation {
  readonly name: string;
  readonly command: CommandName;
  /** Calls that the shim leaves out. */
  readonly drop?: string;
  /** A module of support/mutations/ that exchanges a function of node:fs before the program starts. */
  readonly patch?: string;
  /** Where it can be seen: calls whose paths match. */
  readonly near: RegExp;
}

export interface Tally {
  /** Calls of one undisturbed run that change something. */
  readonly calls: number;
  tried: number;
  fired: number;
  old: number;
  new: number;
  /** What went wrong, a sentence each. */
  readonly violations: string[];
}

interface SweepOptions {
  readonly scenario: Scenario;
  readonly library: string;
  readonly command: CommandName;
  readonly kinds: readonly ('kill' | 'torn')[];
  /** So many calls are tried, evenly spread; all if there are no more. */
  readonly samples: number;
  readonly mutation?: Mutation;
}

/** Kills a command by SIGKILL at one call after another, lets `recover` run each time, and judges what there is then. */
export async function sweepKills(options: SweepOptions): Promise<Tally> {
  const { scenario, command, kinds, samples, mutation } = options;
  const judge = new Judge(command, scenario);
  const calls = await undisturbed(options, judge);
  const tally: Tally = { calls: calls.length, tried: 0, fired: 0, old: 0, new: 0, violations: [] };
  const eligible =
    mutation === undefined ? calls : calls.filter(({ path: at, to }) => mutation.near.test(`${at} ${to}`));
  const stride = Math.max(1, eligible.length / samples);
  for (let nth = stride / 2; nth < eligible.length; nth += stride) {
    const at = eligible[Math.floor(nth)]?.number ?? 0;
    await killAt(options, judge, { at, kind: kinds[tally.tried % kinds.length] ?? 'kill' }, tally);
    // One is enough to see that a defect is seen.
    if (mutation !== undefined && tally.violations.length > 0) break;
  }
  return tally;
}

function environment({ scenario, library, mutation }: SweepOptions, shim: object): Record<string, string> {
  const drop = mutation?.drop === undefined ? {} : { drop: mutation.drop };
  const env = shimEnvironment(library, { root: scenario.root, ...drop, ...shim });
  if (mutation?.patch === undefined) return env;
  const file = fileURLToPath(new URL(`mutations/${mutation.patch}.ts`, import.meta.url));
  return { ...env, NODE_OPTIONS: `--import=${file}` };
}

async function undisturbed(options: SweepOptions, judge: Judge): Promise<Call[]> {
  const { scenario, command, mutation } = options;
  const log = path.join(path.dirname(scenario.root), 'calls');
  fs.rmSync(log, { force: true });
  await scenario.prepare(command);
  judge.begin();
  const { exitCode, stderr } = await scenario.run(COMMANDS[command].args, environment(options, { log }));
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}: ${stderr}`);
  const problems = judge.undisturbed();
  if (problems.length > 0) throw new Error(`${command}${mutation?.name ?? ''}: ${problems.join('; ')}`);
  return readCalls(log).filter(({ mark }) => mark === '');
}

async function killAt(
  options: SweepOptions,
  judge: Judge,
  { at, kind }: { at: number; kind: 'kill' | 'torn' },
  tally: Tally,
): Promise<void> {
  const { scenario, command } = options;
  const log = path.join(path.dirname(scenario.root), 'calls');
  await scenario.prepare(command);
  judge.begin();
  fs.rmSync(log, { force: true });
  const killed = await scenario.run(COMMANDS[command].args, environment(options, { at, kind, log }));
  const hit = readCalls(log).find(({ mark }) => mark === 'hit');
  tally.tried++;
  if (hit !== undefined && killed.signal === 'SIGKILL') tally.fired++;
  const recovered = await scenario.run(['recover']);
  const { state, problems } = await judge.settled();
  if (state !== 'mixed') tally[state]++;
  const where = `${command}, ${kind} at ${at} (${hit?.name} ${hit?.path}): `;
  if (recovered.exitCode !== 0)
    tally.violations.push(`${where}recover ended with ${recovered.exitCode}: ${recovered.stderr}`);
  tally.violations.push(...problems.map((problem) => where + problem));
}
