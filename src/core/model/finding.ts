/*
 * Room "model": nouns. The shapes of entries, manifests, reports and findings, and the closed lists of codes. It imports nothing of the project but
 * itself, and of packages only zod.
 */
import { z } from './zod.ts';

export const severitySchema = z.enum(['error', 'warning', 'info']);
export type Severity = z.infer<typeof severitySchema>;

/** Something wrong or worth knowing. Findings are data: an operation collects them to the end and never throws one. */
export const findingSchema = z
  .object({
    /** Stable id in kebab-case, for example `file-altered`. */
    code: z.string(),
    severity: severitySchema,
    /** What was found, in one line, without the path when `path` is given. */
    message: z.string(),
    /** The file, artifact or folder it is about. */
    path: z.string().optional(),
    category: z.string().optional(),
    source: z.string().optional(),
    /** What was measured. */
    evidence: z.record(z.string(), z.unknown()).optional(),
    /** Every affected project file, uncut. */
    affects: z.array(z.string()).optional(),
    /** What to do about it. */
    recommendation: z.string().optional(),
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof findingSchema>;
