import type { BackupError } from '../../../model/backup-error.ts';

/**
 * Thrown inside an attempt: the database changed, so the capture starts over. `damage` is the error to throw if the same happens again and again
 * although `evidence` (CURRENT's text and how far MANIFEST was read) stays the same.
 */
export class Restart extends Error {
  readonly evidence: string;
  readonly damage: BackupError | undefined;

  constructor(why: string, evidence: string, damage?: BackupError) {
    super(why);
    this.evidence = evidence;
    this.damage = damage;
  }
}

/** Fewer files could be opened than expected: the capture starts over and copies more tables. */
export class OutOfDescriptors extends Restart {
  /** How many descriptors were open. */
  readonly held: number;

  constructor(evidence: string, held: number) {
    super('more tables than descriptors', evidence);
    this.held = held;
  }
}
