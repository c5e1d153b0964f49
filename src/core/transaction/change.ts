import type { Entry } from '../model/entry.ts';
import type { MetaStep, Unit } from './unit.ts';

export type Action = 'add' | 'replace' | 'remove';

/** What becomes of one path. */
export interface Change {
  readonly path: string;
  readonly action: Action;
  readonly type: string;
  readonly category: string;
  readonly bytes: number;
}

export interface ChangePlan {
  readonly units: readonly Unit[];
  readonly meta: readonly MetaStep[];
  readonly changes: readonly Change[];
  readonly unchanged: readonly Entry[];
  /** Mirrored folders whose files are units of their own: what replaces them later has to know all that was in there. */
  readonly mirroredInside: readonly string[];
  /** For each unit that brings something in, the entries in it; the first is the unit itself unless its folder is implied. */
  readonly content: ReadonlyMap<number, readonly Entry[]>;
  readonly bytes: number;
  readonly inodes: number;
}
