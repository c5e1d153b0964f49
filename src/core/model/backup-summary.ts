import { z } from './zod.ts';
import { ENGINES } from './engine-name.ts';
import { completenessSchema } from './completeness.ts';
import { knownCopySchema } from './list-report.ts';
import { deploymentsSchema } from './recorded-deployments.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

/** A yes or no with what it rests on. */
const answerSchema = z.object({
  yes: z.boolean(),
  /** One sentence: when, how much, or why not. */
  evidence: z.string(),
  /** The report that shows it, if one does. */
  reportFile: z.string().nullable(),
});
export type Answer = z.infer<typeof answerSchema>;

/**
 * What a signer of attestations needs, by the names that the inputs of GitHub's `actions/attest` have. The predicate is that of in-toto's test-result v0.1
 * (https://github.com/in-toto/attestation, spec/predicates/test-result.md).
 */
const inTotoSchema = z.object({
  /** The list of artifacts: `<id>/checksums/ARTIFACTS.sha256`. */
  subjectName: z.string(),
  /** `sha256:` and the hash of that list, in hex. */
  subjectDigest: z.string(),
  predicateType: z.literal('https://in-toto.io/attestation/test-result/v0.1'),
  /** Absolute path of the file that has the predicate, or `-` for stdout. */
  predicatePath: z.string(),
  predicate: z.object({
    result: z.enum(['PASSED', 'WARNED', 'FAILED']),
    configuration: z.array(
      z.object({
        name: z.string(),
        /** Base64. */
        content: z.string(),
        mediaType: z.string(),
        annotations: z.object({ tool: z.string() }),
      }),
    ),
    /** The run in GitHub Actions; absent elsewhere. */
    url: z.string().optional(),
    /** `manifest`, `artifacts`, `index`, `sums`, `category:<name>`. A check that an earlier error kept from being made is in none of the lists. */
    passedTests: z.array(z.string()),
    /** Also codes of findings that belong to none of these checks. */
    warnedTests: z.array(z.string()),
    failedTests: z.array(z.string()),
  }),
});
export type InToto = z.infer<typeof inTotoSchema>;

/** The answer of `report`: one backup, and what is on record about it. */
export const backupSummarySchema = reportHeadSchema
  .extend({
    operation: z.literal('report'),
    backupId: z.string(),
    createdAt: z.string(),
    completeness: completenessSchema,
    project: z.string().nullable(),
    note: z.string().nullable(),
    answers: z.object({
      /** All state of the project that was found on disk is in the backup. `total` is null if the backup was made with --only and does not know it. */
      coverage: answerSchema.extend({ covered: count, total: count.nullable() }),
      verifiedInFull: answerSchema,
      rehearsed: answerSchema,
      wayBackTested: answerSchema,
    }),
    categories: z.record(
      z.string(),
      z.object({ status: z.string(), files: count, bytes: count, archivedBytes: count, records: count.nullable() }),
    ),
    databases: z.array(
      z.object({ path: z.string(), engine: z.enum(ENGINES), records: count.nullable(), digest: z.string().nullable() }),
    ),
    /** What the deployment registries in the backup record. */
    deployments: deploymentsSchema,
    /** What is known of copies of this backup; no remote was asked for it. */
    copies: z.array(knownCopySchema),
    /** Remotes of the config in which no copy of it is known. */
    notPushedTo: z.array(z.string()),
    totals: z.object({ files: count, bytes: count, archivedBytes: count }),
    /** What create noticed, what the last verification found, what is wrong with the deployment registries, and which remotes with a copy no key was seen to open. */
    findings: findingsSchema,
    /** With --in-toto: what the verification of this run proved, to be attested. */
    inToto: inTotoSchema.optional(),
  })
  .meta({ id: 'BackupSummary' });
export type BackupSummary = z.infer<typeof backupSummarySchema>;
