/*
 * Room "model": nouns. The shapes of entries, manifests, reports and findings, and the closed lists of codes. It imports nothing of the project but
 * itself, and of packages only zod.
 */
import type { CodeOf } from './finding-codes.ts';
import type { Severity } from './finding-codes/finding-facts.ts';
import { z } from './zod.ts';

/** Something wrong or worth knowing. Findings are data: an operation collects them to the end and never throws one. */
export const findingSchema = z
  .object({
    code: z.string().meta({
      description:
        'Stable, in kebab-case, for example file-altered. docs/findings.md lists the codes of this version; other versions may have others.',
    }),
    severity: z.enum(['error', 'warning', 'info']),
    /** What was found, in one line, without the path when `path` is given. */
    message: z.string(),
    /** The file, artifact or folder it is about. */
    path: z.string().optional(),
    /** The files and folders that it is about, if they may be several: real paths of the project, no globs. */
    paths: z.array(z.string()).optional(),
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

/** A finding that may have been read: a manifest or report of another version can hold codes that this one does not know. */
export type AnyFinding = z.infer<typeof findingSchema>;

interface FindingOf<S extends Severity> extends AnyFinding {
  code: CodeOf<S>;
  severity: S;
}

/** A finding that this version makes: its code is one of FINDINGS, and has a severity that is stated there. */
export type Finding = FindingOf<'error'> | FindingOf<'warning'> | FindingOf<'info'>;
