import type { Entry } from '../model/entry.ts';
import type { StorePlace } from './database-error.ts';

/** A store that stands in the archive, not yet proven. */
export interface CapturedStore extends StorePlace {
  readonly members: readonly Entry[];
  readonly attempts: number;
  /** Whether a process holds it; a child process finds out meanwhile. Never rejects. */
  readonly live: Promise<'yes' | 'no' | 'unknown'>;
}
