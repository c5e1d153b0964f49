import type { Entry } from '../model/entry.ts';
import type { MetaStep, Unit } from './unit.ts';

export type Action = 'add' | 'replace' | 'remove';

/** What happens to one path. */
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
  /** Mirrored folders whose files are units of their own. A later replacement has to know everything that was in them. */
  readonly mirroredInside: readonly string[];
  /** The entries of each unit that brings something in. The first entry is the unit itself, unless its folder is implied. */
  readonly content: ReadonlyMap<number, readonly Entry[]>;
  readonly bytes: number;
  readonly inodes: number;
}
