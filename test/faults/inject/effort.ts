import { IN_SUITE, stride } from '../../support/effort.ts';

/** Calls that are tried of each operation in each way in `npm test`. */
const SAMPLES = 2;
const HOUR_MS = 3_600_000;

/** Every how many-th call of an operation is tried. */
export function everyOf(calls: number): number {
  return stride(Math.max(1, Math.ceil(calls / SAMPLES)));
}

export const TIMEOUT_MS = IN_SUITE ? HOUR_MS : 300_000;
