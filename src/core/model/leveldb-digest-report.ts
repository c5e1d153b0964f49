import { z } from './zod.ts';
import { leveldbFactsSchema } from './manifest.ts';
import { count, reportHeadSchema } from './report.ts';

/** What `leveldb digest` answers: what a store holds, read anew from its bytes. */
export const leveldbDigestReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('leveldb digest'),
    /** The folder of the store: absolute on disk, project-relative in a backup. */
    store: z.string(),
    /** The backup it stands in; null for a folder on disk. */
    backupId: z.string().nullable(),
    comparator: leveldbFactsSchema.shape.comparator,
    /** Live entries; null for a foreign comparator: every checksum was checked, nothing can be counted. */
    entries: leveldbFactsSchema.shape.entries,
    /** Digest v1, hex; null as above. */
    digest: leveldbFactsSchema.shape.digest,
    lastSequence: count,
    tables: count,
    logs: count,
    /** Bytes of the keys and values of the live entries. */
    keyBytes: count,
    valueBytes: count,
    /** What the backup's manifest states of this store; null on disk, and for a store that was taken as plain files. */
    stated: leveldbFactsSchema.pick({ entries: true, digest: true }).nullable(),
    /** Whether that is what was read; null without such a statement. */
    agrees: z.boolean().nullable(),
  })
  .meta({ id: 'LeveldbDigestReport' });
export type LeveldbDigestReport = z.infer<typeof leveldbDigestReportSchema>;
