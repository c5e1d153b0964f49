import type { BackupError } from '../../../model/backup-error.ts';

/**
 * Thrown inside an attempt: the database moved, start over. `damage` is what it would mean if the same happened again and
 * again while `evidence` (CURRENT's text and how far MANIFEST was read) stands still.
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

/** Fewer files could be opened than was thought: start over and copy more tables aside. */
export class OutOfDescriptors extends Restart {
  /** How many were open. */
  readonly held: number;

  constructor(evidence: string, held: number) {
    super('more tables than descriptors', evidence);
    this.held = held;
  }
}
