import type { Capture, Holder } from '../databases/engine.ts';
import type { Entry } from '../model/entry.ts';
import type { DatabasePlace } from './database-error.ts';

/** A database that was written to the archive and is not proven yet. */
export interface CapturedDatabase extends DatabasePlace {
  /** Its parts that have been written to the archive so far. */
  readonly members: readonly Entry[];
  readonly how: Capture['how'];
  readonly attempts: number;
  /** Whether a process has it open. A child process finds that out meanwhile. This never rejects. */
  readonly live: Promise<Holder['held']>;
}
