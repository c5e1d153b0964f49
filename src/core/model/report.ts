import { z } from './zod.ts';
import { findingSchema } from './finding.ts';

export const toolSchema = z.object({ name: z.string(), version: z.string(), runtime: z.string() });

/** What every report opens with: which program, when, about which project. */
export const reportHeadSchema = z.object({
  tool: toolSchema,
  /** ISO 8601, UTC. */
  startedAt: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
});

export const count = z.int().nonnegative();

/** All findings, in the order in which they were found, and what to do about them. */
export const findingsSchema = z.array(findingSchema);
export const recommendationsSchema = z.array(z.string());
