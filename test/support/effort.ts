import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Null in `npm test`, which takes samples. In a suite of its own: every how many-th is taken, 1 for all. */
    readonly every: number | null;
  }
}

const EVERY = inject('every');

/** These tests run in a suite of their own, not in `npm test`. */
export const IN_SUITE = EVERY !== null;
/** All of it is asked for, not a part. */
export const FULL = EVERY === 1;

/** How many of something are taken: `few` in `npm test`, `many` in its suite, and never less than in `npm test`. */
export function amount(few: number, many: number): number {
  return EVERY === null ? few : Math.max(few, Math.ceil(many / EVERY));
}

/** Every how many-th of something is taken: `wide` in `npm test`, `narrow` in its suite, and never wider than in `npm test`. */
export function stride(wide: number, narrow = 1): number {
  return EVERY === null ? wide : Math.min(wide, narrow * EVERY);
}
