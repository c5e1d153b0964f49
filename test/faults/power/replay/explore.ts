import { removeTree } from '../../../../src/core/fs/durable.ts';
import { diskIn, type CrashState } from './crash-states.ts';
import type { Judge } from './judge.ts';
import type { ReplayProject } from './replay-project.ts';
import type { Scenario } from './scenarios.ts';

export interface Count {
  states: number;
  /** Those whose disks were different: only they were run. */
  readonly seen: Set<string>;
  distinct: number;
  readonly violations: string[];
}

export function newCount(): Count {
  return { states: 0, seen: new Set(), distinct: 0, violations: [] };
}

interface Exploration {
  readonly target: ReplayProject;
  readonly judge: Judge;
  readonly scenario: Scenario;
  readonly count: Count;
  /** So many violations are enough. */
  readonly stopAt?: number;
}

/** Makes each state real in the project's place, runs the recovery there and judges what comes of it. */
export async function explore(
  { target, judge, scenario, count, stopAt = Infinity }: Exploration,
  states: Iterable<CrashState>,
): Promise<void> {
  const { steps } = scenario.recording;
  for (const state of states) {
    count.states++;
    const disk = diskIn(scenario.recording, state);
    // The same disk is judged differently once the operation had returned, or had begun to go back.
    const key = `${state.cut >= steps.length} ${state.cut > scenario.backFrom} ${disk.digest()}`;
    if (count.seen.has(key)) continue;
    count.seen.add(key);
    count.distinct++;
    removeTree(target.area);
    const numbers = disk.materialise(target.area);
    const where = `cut after step ${state.cut} (${steps[state.cut - 1]?.label}), ${state.how}`;
    for (const problem of await judge.problems(scenario, state.cut, numbers))
      count.violations.push(`${where}: ${problem}`);
    if (count.violations.length >= stopAt) return;
  }
}
