import { z } from './zod.ts';

/**
 * `complete`: made without --only, and nothing was left out of a category; categories that are empty or absent do not make it partial. Judged by what
 * the backup states about itself.
 */
export const completenessSchema = z.enum(['complete', 'partial']);
export type Completeness = z.infer<typeof completenessSchema>;
