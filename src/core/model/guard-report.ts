import { ENGINES } from './engine-name.ts';
import { z } from './zod.ts';
import { deploymentSchema } from './recorded-deployments.ts';
import { pushedCopySchema } from './push-report.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';
import { signatureSchema } from './sign-report.ts';

/** How a command that was run ended; `signal` is set when a signal ended it. */
export const commandResultSchema = z.object({
  command: z.array(z.string()),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** Why it could not be started at all. */
  problem: z.string().nullable(),
  durationMs: z.number().nonnegative(),
});
export type CommandResult = z.infer<typeof commandResultSchema>;

/** How many files that the backup covers were changed by the command, by category. */
const changesSchema = z.object({ added: count, changed: count, removed: count });

const lostRecordsSchema = z.object({
  /** The database, as the manifest states it. */
  path: z.string(),
  engine: z.enum(ENGINES),
  /** There is no such database at its path any more: all its records are lost. */
  gone: z.boolean(),
  /** How many records of the backup have their key no more in it; null if it is gone and its records could not be counted. */
  lost: count.nullable(),
  /** How many of them no `--allow-loss` names; null if that is not known. */
  notAllowed: count.nullable(),
  /** At most 1,000 of them; those that no `--allow-loss` names come first. */
  records: z.array(z.object({ key: z.string(), allowed: z.boolean() })),
  /** How many are not in `records`; null as `lost`. */
  moreRecords: count.nullable(),
});

/** What the backup records and the project did not when the command had ended. A changed value is no loss. */
const lossSchema = z.object({
  /** Databases that lost records. */
  databases: z.array(lostRecordsSchema),
  /** Deployments on live chains that no registry in the sources records any more, each once. */
  deployments: z.object({
    lost: count,
    /** How many of them no `--allow-loss` names. */
    notAllowed: count,
    /** At most 1,000 of them; those that no `--allow-loss` names come first. */
    records: z.array(deploymentSchema.extend({ allowed: z.boolean() })),
    /** How many are not in `records`. */
    moreRecords: count,
  }),
  /** How many databases the backup holds, and of how many of them all records were looked for. Unchanged ones have them all. */
  looked: z.object({ databases: count, of: count }),
  /** What could not be compared, and why: nobody knows what it lost. */
  notCompared: z.array(z.object({ path: z.string(), why: z.string() })),
});
export type Loss = z.infer<typeof lossSchema>;

/** The answer of `guard`. */
export const guardReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('guard'),
    /** `succeeded`: the changes stay. `rolled-back`: everything is as before. `kept`: the command failed and its result was kept. */
    outcome: z.enum(['succeeded', 'rolled-back', 'kept']),
    root: z.string(),
    /** The backup that was taken before the command, and where it is. */
    backupId: z.string(),
    folder: z.string(),
    /** With --sign: who signed it, before the command began. */
    signature: signatureSchema.optional(),
    /** With --push: the copies that existed before the command began, and the remotes that failed. */
    copies: z.array(pushedCopySchema).optional(),
    result: commandResultSchema,
    /** Each `--check` that was run, in order. */
    checks: z.array(commandResultSchema),
    /** The signal that asked us to stop while the command ran; it was passed on, and the command counts as failed whatever its exit code. */
    interrupted: z.string().nullable(),
    /** What had to hold besides the exit codes. `no-loss`: a loss that no `--allow-loss` names, or that is not known, counts as a failure. */
    expect: z.literal('no-loss').nullable(),
    /** What the command lost; null if what it changed is not known. */
    loss: lossSchema.nullable(),
    changes: z.record(z.string(), changesSchema),
    /** Every path that the command added, changed or removed, uncut. */
    paths: z.array(z.object({ path: z.string(), change: z.enum(['added', 'changed', 'removed']) })),
    /**
     * Changed paths that prove that transactions were sent to a chain: no restore takes those transactions back. With `expect`, registries that record no
     * address, implementation or code on a live chain that the backup does not are not among them.
     */
    external: z.array(z.string()),
    /** Changed paths that are in no backup (in no category, or left out of one, as secrets are): the way back leaves them as they are. */
    outside: z.array(z.string()),
    /** Holds the state that the command left, if it was rolled back. */
    safetyBackup: z.string().nullable(),
    findings: findingsSchema,
    /** Command lines worth running now. */
    next: z.array(z.string()),
    reportFile: z.string().nullable(),
  })
  .meta({ id: 'GuardReport' });
export type GuardReport = z.infer<typeof guardReportSchema>;
