const ASKED = process.env['MIGBACKUP_FAULTS'];

/** `MIGBACKUP_FAULTS=full` takes every call, a number every so many-th; else a few are sampled. */
export const FULL = ASKED === 'full';

/** Every how many-th call of an operation is tried. */
export function everyOf(calls: number): number {
  if (FULL) return 1;
  return ASKED === undefined ? Math.max(1, Math.ceil(calls / SAMPLES)) : Number(ASKED);
}

/** Calls that are tried of each operation in each way in the short form. */
const SAMPLES = 4;
const HOUR_MS = 3_600_000;

export const TIMEOUT_MS = FULL || ASKED !== undefined ? HOUR_MS : 300_000;
