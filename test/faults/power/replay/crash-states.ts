import type { Change, Disk } from './disk.ts';
import type { Recording } from './recorder.ts';

/** What a disk may hold after a power cut: `kept` says of each step that was done before the cut whether it got there. */
export interface CrashState {
  /** So many steps had been done. */
  readonly cut: number;
  readonly kept: (step: number) => boolean;
  readonly how: string;
}

/** About so many moments are looked at for one sync that is left out. */
const MOMENTS = 30;

export interface Sampling {
  /** Every so many-th moment is looked at; the end always is. */
  readonly every: number;
  /** Unsynced steps that are dropped alone, and kept alone, at each moment. */
  readonly singles: number;
  /** Random choices at each moment. */
  readonly randoms: number;
}

/** Numbers from 0 to 1 that a seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What has to be synced for a change to be durable. A rename is atomic, and certain only once both of its folders are synced. */
function needs(change: Change): number[] {
  if (change.type === 'link' || change.type === 'unlink') return [change.dir];
  return change.type === 'rename' ? [change.from, change.to] : [change.node];
}

/** For each step the number of the sync after which it is durable, Infinity if there is none. `without`: a sync that is not there. */
export function durableAfter({ steps }: Recording, without: number | null = null): number[] {
  const durable = Array.from({ length: steps.length }, () => Infinity);
  const next = new Map<number | null, number>();
  for (let at = steps.length - 1; at >= 0; at--) {
    const step = steps[at];
    if (step?.kind === 'sync' && at !== without) next.set(step.node, at);
    if (step?.kind !== 'change') continue;
    const everything = next.get(null) ?? Infinity;
    durable[at] = Math.max(...needs(step.change).map((node) => Math.min(next.get(node) ?? Infinity, everything)));
  }
  return durable;
}

/** Where the process may be cut: after each change and each sync. */
function* moments({ steps }: Recording, every: number): Generator<number> {
  for (let cut = 1; cut < steps.length; cut += every) yield cut;
  yield steps.length;
}

/**
 * The free model: a step is certain once it is synced, and each other one got there or not, whatever became of the rest. Harder than any
 * file system that is known.
 */
export function* freeStates(
  recording: Recording,
  sampling: Sampling,
  random: () => number,
  without: number | null = null,
): Generator<CrashState> {
  const durable = durableAfter(recording, without);
  for (const cut of moments(recording, sampling.every)) {
    const loose = looseSteps(recording, durable, cut);
    const certain = (step: number): boolean => step < cut && (durable[step] ?? Infinity) < cut;
    yield { cut, kept: certain, how: 'all unsynced dropped' };
    if (loose.length === 0) continue;
    yield { cut, kept: (step) => step < cut, how: 'all kept' };
    for (const one of pick(loose, sampling.singles, random)) {
      yield { cut, kept: (step) => step < cut && step !== one, how: `only ${one} dropped` };
      yield { cut, kept: (step) => certain(step) || step === one, how: `only ${one} kept` };
    }
    for (let nth = 0; nth < sampling.randoms; nth++) {
      const share = [0.5, 0.9, 0.1][nth % 3] ?? 0.5;
      const lucky = new Set(loose.filter(() => random() < share));
      yield { cut, kept: (step) => certain(step) || lucky.has(step), how: `random ${nth}` };
    }
  }
}

/**
 * The ordered model, as ext4 with data=ordered and XFS are: names, modes and times reach the disk in the order in which they were made, all
 * up to the last sync for certain, since any sync commits the journal; the bytes of a file that was not synced itself may be missing.
 */
export function* orderedStates(
  recording: Recording,
  sampling: Sampling,
  random: () => number,
  without: number | null = null,
): Generator<CrashState> {
  const durable = durableAfter(recording, without);
  for (const cut of moments(recording, sampling.every)) {
    const committed = recording.steps.findLastIndex(({ kind }, at) => kind === 'sync' && at < cut && at !== without);
    const isData = (step: number): boolean => {
      const { kind, ...rest } = recording.steps[step] ?? { kind: 'sync' };
      return kind === 'change' && 'change' in rest && (rest.change.type === 'write' || rest.change.type === 'truncate');
    };
    const ends = Array.from({ length: cut - committed }, (_, nth) => committed + 1 + nth);
    for (const end of pick(ends, sampling.singles + 1, random)) {
      for (const data of [true, false]) {
        const kept = (step: number): boolean => {
          if (isData(step)) return step < cut && ((durable[step] ?? Infinity) < cut || (data && step < end));
          return step < end;
        };
        yield { cut, kept, how: `in order up to ${end}, unsynced data ${data ? 'kept' : 'missing'}` };
      }
    }
  }
}

/** States that only a disk can be in on which one sync was not done: what it alone made certain is dropped, in part and in whole. */
export function* statesWithout(recording: Recording, sync: number, random: () => number): Generator<CrashState> {
  const durable = durableAfter(recording);
  const without = durableAfter(recording, sync);
  for (const cut of tellingMoments(recording, sync)) {
    const certain = (step: number): boolean => step < cut && (without[step] ?? Infinity) < cut;
    const lost = looseSteps(recording, without, cut).filter((step) => (durable[step] ?? Infinity) < cut);
    if (lost.length === 0) continue;
    const gone = new Set(lost);
    yield { cut, kept: (step) => step < cut && !gone.has(step), how: 'what it made certain dropped' };
    yield { cut, kept: certain, how: 'all unsynced dropped' };
    for (const one of pick(lost, 6, random))
      yield { cut, kept: (step) => step < cut && step !== one, how: `${one} dropped` };
    for (let nth = 0; nth < 6; nth++) {
      const lucky = new Set(looseSteps(recording, without, cut).filter(() => random() < 0.5));
      yield { cut, kept: (step) => certain(step) || (lucky.has(step) && !gone.has(step)), how: `random ${nth}` };
    }
  }
}

/** The end first, then where other syncs made things certain that may rest on this one, then the rest. */
function tellingMoments({ steps }: Recording, sync: number): number[] {
  const after = [...steps.keys()].slice(sync + 1).map((at) => at + 1);
  const telling = after.filter((cut) => steps[cut - 1]?.kind === 'sync');
  const rest = after.filter((_, at) => at % Math.ceil(after.length / MOMENTS) === 0);
  return [...new Set([steps.length, ...telling.slice(0, MOMENTS), ...rest])];
}

function looseSteps({ steps }: Recording, durable: readonly number[], cut: number): number[] {
  return [...steps.keys()].filter((at) => at < cut && steps[at]?.kind === 'change' && (durable[at] ?? 0) >= cut);
}

/** At most `count` of them, the last one always among them. */
function pick(all: readonly number[], count: number, random: () => number): number[] {
  if (all.length <= count) return [...all];
  const chosen = new Set(all.slice(-1));
  while (chosen.size < count) chosen.add(all[Math.floor(random() * all.length)] ?? 0);
  return [...chosen];
}

/** The disk in that state. */
export function diskIn({ base, steps }: Recording, { kept }: CrashState): Disk {
  const disk = base.copy();
  for (const [at, step] of steps.entries()) if (step.kind === 'change' && kept(at)) disk.apply(step.change);
  return disk;
}
