import { z } from './zod.ts';
import { copyLockSchema } from './copy-commit.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

/** What became of a backup in one remote. */
export const pushedCopySchema = z.object({
  /** The name in the config, or the URL that was given. */
  remote: z.string(),
  /** The URL of the remote. */
  place: z.string(),
  /** `there`: the copy was there before. `extended`: so it was, and it is locked longer now. `failed`: `error` says why, and what was sent stays for the next push. */
  outcome: z.enum(['pushed', 'there', 'extended', 'failed']),
  /** Names the copy: the first 32 hex digits of the SHA-256 of ARTIFACTS.sha256, or random ones if it is encrypted; then null if there is none yet. */
  tag: z.string().nullable(),
  /** How many signatures its commit has. One that was there before gets none. */
  signatures: count,
  /** Until when the remote lets nobody delete the copy; null if it has no lock. */
  lock: copyLockSchema.nullable(),
  /** Fingerprints of those who can open it; null if it is not encrypted, or there is none. */
  encryptedFor: z.array(z.string()).nullable(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
});
export type PushedCopy = z.infer<typeof pushedCopySchema>;

/** The answer of `push`. `partial`: a backup has fewer copies than were asked for (exit 3). */
export const pushReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('push'),
    root: z.string(),
    repository: z.string(),
    status: z.enum(['complete', 'partial']),
    /** How many copies each backup has to have. */
    minCopies: count,
    /** Newest first. Empty if nothing was missing. */
    backups: z.array(z.object({ backupId: z.string(), bytes: count, copies: z.array(pushedCopySchema) })),
    findings: findingsSchema,
  })
  .meta({ id: 'PushReport' });
export type PushReport = z.infer<typeof pushReportSchema>;
