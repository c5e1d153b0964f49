import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FULL, IN_SUITE, stride } from '../../support/effort.ts';
import { freeStates, orderedStates, seeded, statesWithout, type Sampling } from './replay/crash-states.ts';
import { explore, newCount } from './replay/explore.ts';
import { Judge } from './replay/judge.ts';
import { ReplayProject } from './replay/replay-project.ts';
import { PLANS, recordScenario, type Scenario } from './replay/scenarios.ts';

/*
 * Whole operations as they ship are recorded, each change of the disk and each sync; then power cuts are replayed: what was synced is there, of
 * the rest this or that is missing. On each such disk the recovery runs as it ships. And without any one of the syncs it must not come out well.
 * In full every moment and every sync are taken, in `npm test` some. MIGBACKUP_SEED takes another sample.
 */
const SEED = Number(process.env['MIGBACKUP_SEED'] ?? 20_261_125);
const TIMEOUT = IN_SUITE ? 3_600_000 : 60_000;
/** Of `npm test`. */
const SHORT: Sampling = { every: 9, singles: 1, randoms: 1 };

/** What `npm test` takes of the operations; the others are variants of these. */
const SHORT_PLANS = [
  'create',
  'restore',
  'restore of many',
  'undo',
  'prune',
  'recover: stage only',
  'recover: forward',
  'recover: back',
];

/** Syncs that `npm test` leaves out: what the journal and a manifest hold, the names after the swap, all of a large stage. */
const TELLING: Readonly<Record<string, RegExp>> = {
  create: /BACKUP_MANIFEST/,
  restore: /plan\.json|^sync project\/deployments$/,
  'restore of many': /everything/,
};

function samplingOf({ steps }: Scenario['recording']): Sampling {
  const wide = Math.max(SHORT.every, Math.ceil(steps.length / 5));
  if (!IN_SUITE) return { ...SHORT, every: wide };
  return steps.length > 500
    ? { every: stride(wide, 5), singles: 2, randoms: 2 }
    : { every: stride(wide), singles: 3, randoms: 3 };
}

let target: ReplayProject;
let judge: Judge;
const total = { ...newCount(), steps: 0 };
/** Of each place that syncs: how often it was left out until something was wrong, and what that was. */
const places = new Map<string, { tried: number; red: number; first: string }>();

describe.skipIf(process.platform !== 'linux')('after a power cut (recorded and replayed on Linux only)', () => {
  beforeAll(async () => {
    target = new ReplayProject();
    await target.prepare();
    judge = new Judge(target);
  }, TIMEOUT);
  afterAll(() => target[Symbol.dispose]());

  describe.each(IN_SUITE ? Object.keys(PLANS) : SHORT_PLANS)('in %s', (name) => {
    let scenario: Scenario;
    beforeAll(async () => {
      scenario = await recordScenario(target, name);
    }, TIMEOUT);

    test('everything is old or new, and what was answered is so', { timeout: TIMEOUT }, async () => {
      const { recording } = scenario;
      const [sampling, random, count] = [samplingOf(recording), seeded(SEED), newCount()];
      await explore({ target, judge, scenario, count }, freeStates(recording, sampling, random));
      await explore({ target, judge, scenario, count }, orderedStates(recording, sampling, random));
      const syncs = recording.steps.filter(({ kind }) => kind === 'sync').length;
      process.stdout.write(
        `${name}: ${recording.steps.length} steps, ${syncs} of them syncs; ${count.states} states, ${count.distinct} distinct, ${count.violations.length} violations\n`,
      );
      total.steps += recording.steps.length;
      total.states += count.states;
      total.distinct += count.distinct;
      total.violations.push(...count.violations);
      expect(count.violations).toEqual([]);
    });

    if (IN_SUITE || TELLING[name] !== undefined)
      test('without a sync something is not', { timeout: TIMEOUT }, async () => {
        for (const [at, step] of scenario.recording.steps.entries()) {
          if (step.kind !== 'sync' || (!IN_SUITE && TELLING[name]?.test(step.label) !== true)) continue;
          // Once is enough for a place: looking on where it makes no difference takes long.
          if ((places.get(step.site)?.red ?? 0) > 0) continue;
          const count = newCount();
          const without = statesWithout(scenario.recording, at, seeded(SEED));
          await explore({ target, judge, scenario, count, stopAt: 1 }, without);
          const place = places.get(step.site) ?? { tried: 0, red: 0, first: '' };
          place.tried++;
          const [violation] = count.violations;
          if (violation !== undefined) {
            place.red++;
            place.first ||= `${name}: ${violation}`;
          }
          places.set(step.site, place);
        }
      });
  });

  test('there were states enough, and no place syncs for nothing', () => {
    process.stdout.write(
      `seed ${SEED}: ${total.steps} steps, ${total.states} states, ${total.distinct} distinct, ${total.violations.length} violations\n`,
    );
    for (const [place, { tried, red, first }] of [...places].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      process.stdout.write(`${red > 0 ? 'red' : 'GREEN'} | ${place} | try ${tried} | ${first.slice(0, 300)}\n`);
    expect(total.distinct).toBeGreaterThan(FULL ? 3000 : 200);
    expect(places.size).toBeGreaterThan(3);
    expect([...places].flatMap(([place, { red }]) => (red === 0 ? [place] : []))).toEqual([]);
  });
});
