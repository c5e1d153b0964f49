import { z } from './zod.ts';
import { deploymentSchema } from './recorded-deployments.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

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
    result: commandResultSchema,
    /** Each `--check` that was run, in order. */
    checks: z.array(commandResultSchema),
    /** The signal that asked us to stop while the command ran; it was passed on, and the command counts as failed whatever its exit code. */
    interrupted: z.string().nullable(),
    changes: z.record(z.string(), changesSchema),
    /** Every path that the command added, changed or removed, uncut. */
    paths: z.array(z.object({ path: z.string(), change: z.enum(['added', 'changed', 'removed']) })),
    /** Changed paths that prove that transactions were sent to a chain: no restore takes those transactions back. */
    external: z.array(z.string()),
    /** Changed paths that are in no backup (in no category, or left out of one, as secrets are): the way back leaves them as they are. */
    outside: z.array(z.string()),
    /**
     * Deployments on live chains that were recorded before the command and were not when it had ended, each once; if it was rolled back, they are
     * recorded again.
     */
    lostDeployments: z.array(deploymentSchema),
    /** Holds the state that the command left, if it was rolled back. */
    safetyBackup: z.string().nullable(),
    findings: findingsSchema,
    /** Command lines worth running now. */
    next: z.array(z.string()),
    reportFile: z.string().nullable(),
  })
  .meta({ id: 'GuardReport' });
export type GuardReport = z.infer<typeof guardReportSchema>;
