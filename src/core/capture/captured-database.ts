import type { Entry } from '../model/entry.ts';
import type { DatabasePlace } from './database-error.ts';

/** A database that stands in the archive, not yet proven. */
export interface CapturedDatabase extends DatabasePlace {
  readonly members: readonly Entry[];
  readonly attempts: number;
  /** Whether a process holds it; a child process finds out meanwhile. Never rejects. */
  readonly live: Promise<'yes' | 'no' | 'unknown'>;
}
