import { z } from './zod.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

/** The answer of `key new`. The secret is in the file alone. */
export const keyNewReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('key-new'),
    kind: z.enum(['x25519', 'post-quantum']),
    /** What copies are encrypted for: `age1…`. It is no secret. */
    recipient: z.string(),
    /** By which commits, reports and messages call it. */
    fingerprint: z.string(),
    /** Absolute path of the file that has the secret. */
    file: z.string(),
    /** The line that proves, after a push, that the key opens the copy. */
    next: z.array(z.string()),
  })
  .meta({ id: 'KeyNewReport' });
export type KeyNewReport = z.infer<typeof keyNewReportSchema>;

/** The answer of `key drill`: a key opened this copy, and one file of it came back. */
export const keyDrillReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('key-drill'),
    backupId: z.string(),
    /** The name in the config, or the URL that was given. */
    remote: z.string(),
    /** The URL of the copy. */
    place: z.string(),
    tag: z.string(),
    /** Fingerprints of those for whom the copy is encrypted. */
    recipients: z.array(z.string()),
    /** The one whose key opened it. Null if it cannot be told, as with a plugin. */
    openedBy: z.string().nullable(),
    /** The file that was restored, compared with the index, and removed. */
    file: z.object({ path: z.string(), bytes: count, sha256: z.string() }),
    findings: findingsSchema,
  })
  .meta({ id: 'KeyDrillReport' });
export type KeyDrillReport = z.infer<typeof keyDrillReportSchema>;

/** The answer of `key reseal`. `partial`: keys at hand do not open a copy (exit 3). */
export const keyResealReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('key-reseal'),
    /** The name in the config. */
    remote: z.string(),
    /** The URL of the remote. */
    place: z.string(),
    /** Fingerprints of those whose keys open the copies now, besides those whose keys did before. */
    recipients: z.array(z.string()),
    status: z.enum(['complete', 'partial']),
    /** `there`: they could open it before. `failed`: `error` says why. */
    copies: z.array(
      z.object({
        backupId: z.string(),
        tag: z.string(),
        outcome: z.enum(['resealed', 'there', 'failed']),
        error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
      }),
    ),
    findings: findingsSchema,
  })
  .meta({ id: 'KeyResealReport' });
export type KeyResealReport = z.infer<typeof keyResealReportSchema>;
