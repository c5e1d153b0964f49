import type { Capture, Holder } from '../databases/engine.ts';
import type { Entry } from '../model/entry.ts';
import type { DatabasePlace } from './database-error.ts';

/** A database that stands in the archive, not yet proven. */
export interface CapturedDatabase extends DatabasePlace {
  /** Its parts in the archive, all that have been written so far. */
  readonly members: readonly Entry[];
  readonly how: Capture['how'];
  readonly attempts: number;
  /** Whether a process holds it; a child process finds out meanwhile. Never rejects. */
  readonly live: Promise<Holder['held']>;
}
