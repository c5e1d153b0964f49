import { z } from './zod.ts';

/**
 * `complete`: made without --only, and nothing was left out of a category; categories that are empty or absent count as there. Judged by what the
 * backup states of itself.
 */
export const completenessSchema = z.enum(['complete', 'partial']);
export type Completeness = z.infer<typeof completenessSchema>;
