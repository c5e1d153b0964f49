import { z } from './zod.ts';
import { chainCheckSchema } from './chain-check.ts';
import { count, findingsSchema, recommendationsSchema, reportHeadSchema } from './report.ts';

/** How much was looked at. Only `full` counts as verified. */
export const verifyScopeSchema = z.object({
  /** `stored`: what a remote says of each object of a copy, and the bytes of objects of which it stores no checksum. */
  mode: z.enum(['full', 'sample', 'quick', 'selection', 'stored']),
  /** Percent of files, mode sample. */
  samplePercent: z.number().optional(),
  /** The seed of the random choice: the same seed makes the same choice. */
  seed: z.string().optional(),
  /** Terms of --only, mode selection. */
  only: z.array(z.string()).optional(),
  filesChecked: count,
  /** With --rehearse: everything was unpacked, and so many databases were opened by their engines and so many JSON files parsed. Absent if not rehearsed. */
  rehearsed: z.object({ databases: count, records: count, jsonFiles: count }).optional(),
});

/** Who signed, as the allowed-signers file says it. */
export const signerSchema = z.object({
  /** One that was required, or all of the line, as they are written there. */
  principal: z.string(),
  /** Of the key, as ssh-keygen -l says it. */
  fingerprint: z.string(),
});

/** The answer of `verify` for one backup. */
export const verifyReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('verify'),
    backupId: z.string(),
    folder: z.string(),
    /** FAILED too if a chain (--chain) does not agree or is not proven, or if a signature is required and nobody who may has signed. */
    status: z.enum(['PASSED', 'WARNING', 'FAILED']),
    /** With --chain, or if a signature is required: the status of the backup by itself, whatever the chains and the signature say. */
    backupStatus: z.enum(['PASSED', 'WARNING', 'FAILED']).optional(),
    scope: verifyScopeSchema,
    totals: z.object({ files: count, bytes: count, artifacts: count, archivedBytes: count }),
    /** The state of each category: `restore --only` can still restore the others if one is damaged. */
    categories: z.record(
      z.string(),
      z.object({ status: z.enum(['whole', 'damaged', 'empty', 'absent']), affected: count }),
    ),
    /** If a signature is required: who signed, as the allowed-signers file says it; null if nobody who may. Absent if none is required. */
    signer: signerSchema.nullable().optional(),
    /** With --remote and without --deep, if a signature is required: who signed the commit of the copy; null if nobody who may. */
    commitSigner: signerSchema.nullable().optional(),
    /** With --chain: one for each chain that was to be asked, in the order of the flags. */
    chains: z.array(chainCheckSchema).optional(),
    findings: findingsSchema,
    recommendations: recommendationsSchema,
    /** Where this report was written, if it could be. */
    reportFile: z.string().nullable(),
  })
  .meta({ id: 'VerifyReport' });
export type VerifyReport = z.infer<typeof verifyReportSchema>;

/** The answer of `verify --all`. */
export const verifyAllReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('verify-all'),
    status: z.enum(['PASSED', 'WARNING', 'FAILED']),
    reports: z.array(verifyReportSchema),
    /** Backups of other projects in the same repository, which were not looked at. */
    ofOthers: count,
  })
  .meta({ id: 'VerifyAllReport' });
export type VerifyAllReport = z.infer<typeof verifyAllReportSchema>;
