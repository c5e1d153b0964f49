import { asReference, takeFacts, type Facts } from './facts.ts';
import { Recorder, type Recording, type Step } from './recorder.ts';
import { compareWithReal } from './recording-agrees.ts';
import type { ReplayProject, StateName } from './replay-project.ts';

/** One operation as it ran, undisturbed or interrupted, with what is allowed after a power cut in it. */
export interface Scenario {
  readonly name: string;
  readonly recording: Recording;
  /** When the recording began, and when it ended. */
  readonly before: Facts;
  readonly after: Facts;
  /** The two states that anything may end in: before the operation, and as it was to become. */
  readonly old: Facts;
  readonly fresh: Facts;
  /** It was on its way back from this step on: nothing but the old state is right any more. */
  readonly backFrom: number;
  /** The operation log cannot be written. */
  readonly unlogged: boolean;
}

interface Plan {
  readonly from: StateName;
  /** What a run that was killed had done before; its disk is what the operation begins from. */
  readonly killed?: Interrupted;
  readonly run: (target: ReplayProject, signal: AbortSignal) => Promise<unknown>;
  readonly abortAt?: (step: Step, seen: readonly Step[]) => boolean;
  readonly unlogged?: boolean;
}

interface Interrupted {
  readonly run: Plan['run'];
  readonly abortAt?: Plan['abortAt'];
  readonly killAt: (step: Step, seen: readonly Step[]) => boolean;
}

const movedIn = ({ label }: Step): boolean => /^(?:rename|link) \S*\.migbackup\/txn\/stage\//.test(label);
const movedAside = ({ label }: Step): boolean => /-> \S*\.migbackup\/txn\/aside\//.test(label);
const movedBack = ({ label }: Step): boolean =>
  /^(?:rename|link) \S*\.migbackup\/txn\/aside\/|-> \S*\.migbackup\/txn\/stage\//.test(label);
const nth = (count: number, is: (step: Step) => boolean) => (step: Step, seen: readonly Step[]) =>
  is(step) && seen.filter(is).length === count;
/** All is in its place and synced: the check comes next. */
const swapped = (step: Step, seen: readonly Step[]): boolean =>
  step.label.endsWith('.migbackup/txn/stage') && step.kind === 'sync' && seen.some(movedIn);

const restoring: Plan['run'] = (target, signal) => target.restore(signal);
const recovering: Plan['run'] = (target) => target.recover();

export const PLANS: Readonly<Record<string, Plan>> = {
  create: { from: 'fresh', run: (target) => target.create() },
  'create into a repository elsewhere': { from: 'no repository', run: (target) => target.create() },
  'create without verification': { from: 'three backups', run: (target) => target.create(false) },
  'create again': { from: 'three backups', run: (target) => target.create() },
  restore: { from: 'destroyed', run: restoring },
  'restore of many': { from: 'many destroyed', run: restoring },
  'restore without a safety backup': { from: 'destroyed', run: (target) => target.restore(undefined, false) },
  'restore into a clone, repository elsewhere': { from: 'cloned', run: (target) => target.restore(undefined, false) },
  'restore interrupted in the swap': { from: 'destroyed', run: restoring, abortAt: nth(3, movedIn) },
  'restore interrupted in the check': { from: 'destroyed', run: restoring, abortAt: swapped },
  undo: { from: 'restored', run: (target) => target.undo() },
  'prune that cannot be logged': { from: 'no log', run: (target) => target.prune(), unlogged: true },
  prune: { from: 'three backups', run: (target) => target.prune() },
  'recover: stage only': {
    from: 'destroyed',
    killed: { run: restoring, killAt: ({ label }) => label.includes('.migbackup/txn/plan.json') },
    run: recovering,
  },
  'recover: forward': { from: 'destroyed', killed: { run: restoring, killAt: nth(2, movedAside) }, run: recovering },
  'recover: forward, late': { from: 'destroyed', killed: { run: restoring, killAt: nth(2, movedIn) }, run: recovering },
  'recover: back': {
    from: 'destroyed',
    killed: { run: restoring, abortAt: swapped, killAt: nth(2, movedBack) },
    run: recovering,
  },
  'recover: committed': {
    from: 'destroyed',
    killed: { run: restoring, killAt: ({ label }) => /^rename \S*\.migbackup\/txn -> /.test(label) },
    run: recovering,
  },
  'recover: half a prune': {
    from: 'three backups',
    killed: { run: (target) => target.prune(), killAt: ({ label }) => label.includes('/backups/.dead-') },
    run: recovering,
  },
};

/** Runs it in `target` and records it. The recording is held against the disk: what it does not explain would be missed. */
export async function recordScenario(target: ReplayProject, name: string): Promise<Scenario> {
  const plan = PLANS[name];
  if (plan === undefined) throw new Error(`there is no scenario ${name}`);
  const { killed, abortAt, unlogged = false } = plan;
  target.reset(plan.from);
  const old = takeFacts(target.project);
  if (killed !== undefined) await run(target, killed.run, killed.abortAt, killed.killAt);
  const before = takeFacts(target.project);
  const recorder = await run(target, plan.run, abortAt);
  const differences = compareWithReal(recorder.tracker);
  if (differences.length > 0) throw new Error(`${name} did what was not recorded: ${differences.join('; ')}`);
  const after = asReference(takeFacts(target.project));
  let fresh = after;
  if (killed !== undefined || abortAt !== undefined) {
    target.reset(plan.from);
    await (killed ?? plan).run(target, new AbortController().signal);
    fresh = asReference(takeFacts(target.project));
  }
  const back = recorder.steps.findIndex(movedBack);
  return {
    name,
    recording: recorder.recording,
    before,
    after,
    old,
    fresh,
    backFrom: back < 0 ? Infinity : back,
    unlogged,
  };
}

async function run(
  target: ReplayProject,
  work: Plan['run'],
  abortAt: Plan['abortAt'],
  killAt?: Interrupted['killAt'],
): Promise<Recorder> {
  const controller = new AbortController();
  const seen: Step[] = [];
  let reached = abortAt === undefined && killAt === undefined;
  const recorder = new Recorder(target.area, {
    onStep(step) {
      seen.push(step);
      if (abortAt?.(step, seen) !== true) return;
      controller.abort();
      reached = true;
    },
    killAfter(step) {
      const kills = killAt?.(step, seen) === true;
      reached ||= kills;
      return kills;
    },
  });
  try {
    await recorder.record(() => work(target, controller.signal));
  } catch (error) {
    if (abortAt === undefined && killAt === undefined) throw error;
  }
  if (!reached) throw new Error('the moment of the interruption never came');
  return recorder;
}
