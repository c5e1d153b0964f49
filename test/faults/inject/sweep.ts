import { isDeath, withFault, type Fault } from '../../transaction/support/faults.ts';
import { judge, lookUndisturbed, sayError, type Undisturbed } from './judge.ts';
import { OPERATIONS, type Operation, type OperationName } from './operations.ts';
import { Scene } from './scene.ts';
import type { Product } from './product.ts';

const ERRORS = ['ENOSPC', 'EIO', 'EACCES', 'EXDEV', 'EBUSY'] as const;

/** Every way in which a call can fail. */
export const WAYS: readonly Omit<Fault, 'at'>[] = [
  { code: 'kill' },
  { code: 'power' },
  ...ERRORS.map((code) => ({ code })),
  ...ERRORS.map((code) => ({ code, forEver: true })),
];

export interface Tally {
  /** File operations that the undisturbed run makes, and those of them that change the disk. */
  calls: number;
  changing: number;
  tried: number;
  fired: number;
  old: number;
  new: number;
  mixed: number;
  readonly wrong: string[];
}

export interface SweepOptions {
  /** Every how many-th call is tried, of so many. */
  readonly every: (calls: number) => number;
  readonly ways?: readonly Omit<Fault, 'at'>[];
  /** The share of the calls that is passed over at the beginning. */
  readonly from?: number;
  /** Stop at the first that is wrong: enough for a product that is wrong on purpose. */
  readonly untilWrong?: boolean;
}

/** One operation, ready to be disturbed again and again. */
interface Bench {
  readonly scene: Scene;
  readonly operation: Operation;
  readonly clean: Undisturbed;
  readonly calls: number;
  readonly changing: readonly number[];
  /** What is wrong without any fault. */
  readonly problems: readonly string[];
}

function startTally({ calls, changing, problems }: Bench): Tally {
  const none = { tried: 0, fired: 0, old: 0, new: 0, mixed: 0 };
  return { calls, changing: changing.length, ...none, wrong: [...problems] };
}

async function makeBench(scene: Scene, name: OperationName): Promise<Bench> {
  const operation = OPERATIONS[name];
  await operation.prepare(scene);
  scene.save('begin');
  // The first run in a process starts what later ones have already: the keeper of locks.
  await operation.run(scene);
  scene.reset('begin');
  // A look that is shared for half a second is made again where the machine is slow: the shorter of two runs has none that only some runs make.
  const { length: once } = (await withFault(null, () => operation.run(scene))).calls;
  scene.reset('begin');
  let calls = 0;
  let changing: readonly number[] = [];
  const problems: string[] = [];
  const clean = await lookUndisturbed(scene, operation, async () => {
    const outcome = await withFault(null, () => operation.run(scene));
    if (outcome.error !== undefined) problems.push(`undisturbed, it failed: ${sayError(outcome.error)}`);
    calls = Math.min(once, outcome.calls.length);
    changing = outcome.changing.filter((at) => at <= calls);
  });
  return { scene, operation, clean, calls, changing, problems };
}

/**
 * Lets every `every`-th call of an operation fail in every way, and judges each. Calls that only look are left out for a death: the disk is
 * then what it is at the next call that changes it.
 */
export async function sweep(product: Product, name: OperationName, options: SweepOptions): Promise<Tally> {
  using scene = new Scene(product);
  const bench = await makeBench(scene, name);
  const tally = startTally(bench);
  for (const [offset, way] of (options.ways ?? WAYS).entries()) {
    const all = isDeath(way) ? bench.changing : Array.from({ length: bench.calls }, (_, at) => at + 1);
    // Another start for each way: together they come to most calls also where each takes few.
    const step = options.every(all.length);
    const first = Math.floor(all.length * (options.from ?? 0)) + ((offset * 7) % Math.min(step, all.length));
    for (let nth = first; nth < all.length; nth += step) {
      await disturb(bench, { ...way, at: all[nth] ?? 1 }, tally);
      if (options.untilWrong === true && tally.wrong.length > 0) return tally;
    }
  }
  return tally;
}

/** The order of what is read ahead differs a little from run to run: a fault that came too late for its run is tried again. */
const ATTEMPTS = 4;

async function disturb({ scene, operation, clean }: Bench, fault: Fault, tally: Tally): Promise<void> {
  tally.tried++;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    scene.reset('begin');
    const outcome = await withFault(fault, () => operation.run(scene));
    if (outcome.fired === null) continue;
    tally.fired++;
    const { state, wrong } = await judge(scene, operation, clean, fault, outcome);
    tally[state]++;
    const where = `${fault.code} at ${fault.at}${fault.forEver === true ? ' for ever' : ''} (${outcome.fired})`;
    tally.wrong.push(...wrong.map((line) => `${where}: ${line}`));
    return;
  }
}

/**
 * Kills an operation at every `every`-th call that changes the disk, and then lets calls of the recovery from that fail. Each pair is two
 * faults that fired, and is judged after one more recovery.
 */
export async function sweepTwice(product: Product, name: OperationName, first: number, second: number): Promise<Tally> {
  using scene = new Scene(product);
  const bench = await makeBench(scene, name);
  const { operation, clean } = bench;
  const tally = startTally(bench);
  const recover = { ...operation, run: () => product.recover(scene.project, {}, scene.context), pending: true };
  for (let nth = 0; nth < bench.changing.length; nth += first) {
    const death = { code: 'kill', at: bench.changing[nth] ?? 1 } as const;
    scene.reset('begin');
    const { fired } = await withFault(death, () => operation.run(scene));
    if (fired === null) continue;
    scene.save('dead');
    const start = scene.tree();
    const { calls } = await withFault(null, recover.run);
    for (let at = 1 + (nth % second); at <= calls.length; at += second) {
      const way = WAYS[(nth + at) % WAYS.length] ?? { code: 'kill' };
      scene.reset('dead');
      const outcome = await withFault({ ...way, at }, recover.run);
      tally.tried++;
      if (outcome.fired === null) continue;
      tally.fired++;
      const { state, wrong } = await judge(scene, recover, { ...clean, start }, way, outcome);
      tally[state]++;
      const where = `kill at ${death.at} (${fired}), ${way.code} at ${at} of its recovery (${outcome.fired})`;
      tally.wrong.push(...wrong.map((line) => `${where}: ${line}`));
    }
  }
  return tally;
}

/** What a sweep found, in one line. */
export function describeTally(name: string, tally: Tally): string {
  const { calls, changing, tried, fired, mixed } = tally;
  return (
    `${name}: ${calls} file operations seen (${changing} change the disk), ${tried} faults tried, ${fired} fired, ` +
    `${fired} states compared: ${tally.old} old, ${tally.new} new, ${mixed} mixed; ${tally.wrong.length} wrong\n`
  );
}
