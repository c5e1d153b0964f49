import { z } from './zod.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

const figures = z.object({ files: count, bytes: count });

export const planCategorySchema = z.object({
  add: figures,
  replace: figures,
  remove: figures,
  unchanged: figures,
  /** Live files in the category's sources that the backup does not have and that stay. */
  kept: count,
});

/** What a restore would do. `hash` names exactly this plan, for `--plan HASH`. */
export const planSchema = z
  .object({
    hash: z.string(),
    backupId: z.string(),
    /** Absolute folder that would be changed. */
    target: z.string(),
    /** True if nothing has to change. */
    nothingToDo: z.boolean(),
    categories: z.record(z.string(), planCategorySchema),
    /** Every path that would be changed, uncut. */
    changes: z.array(z.object({ path: z.string(), action: z.enum(['add', 'replace', 'remove']), type: z.string() })),
    /** Categories of the backup that this restore does not touch. */
    untouched: z.array(z.string()),
    keptExtras: z.array(z.string()),
    needs: z.object({ bytes: count, inodes: count }),
    /** What would be lost with what is replaced: ACLs, extended attributes, flags, hard links. */
    findings: findingsSchema,
    /** Which of these were not looked for, because the tool is not installed. */
    notLookedAt: z.array(z.string()),
    /** If nothing has to change: older backups that differ from this one in what was asked for. */
    olderThatDiffer: z.array(z.string()).optional(),
  })
  .meta({ id: 'RestorePlan' });
export type RestorePlan = z.infer<typeof planSchema>;

/** The answer of `restore`. With --dry-run, only the plan is set and `outcome` is `planned`. */
export const restoreReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('restore'),
    backupId: z.string(),
    outcome: z.enum(['planned', 'unchanged', 'restored']),
    /** `in-place`, or the folder of --to. */
    mode: z.enum(['in-place', 'to']),
    target: z.string(),
    selection: z.array(z.string()),
    plan: planSchema.nullable(),
    restored: z.object({ files: count, directories: count, symlinks: count, bytes: count }),
    /** The safety backup that `undo` goes back to. */
    safetyBackup: z.string().nullable(),
    checked: z.boolean(),
    findings: findingsSchema,
    /** Command lines worth running now (for example npm ci after package.json changed). */
    next: z.array(z.string()),
    reportFile: z.string().nullable(),
  })
  .meta({ id: 'RestoreReport' });
export type RestoreReport = z.infer<typeof restoreReportSchema>;
