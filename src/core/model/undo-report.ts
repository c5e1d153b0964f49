import { z } from './zod.ts';
import { restoreReportSchema } from './restore-report.ts';

/** An operation that undo takes back. */
export const undoneSchema = z.object({
  /** The ID that `undo ID` takes. */
  id: z.string(),
  operation: z.string(),
  time: z.string(),
  /** The backup that the operation brought back, or that a guard took. */
  backupId: z.string(),
  /** In words: what it did, and what the project is once that is taken back. */
  what: z.string(),
  becomes: z.string(),
  /** True if a guard had brought everything back; undo would then bring back the failed state. */
  rolledBack: z.boolean(),
});
export type Undone = z.infer<typeof undoneSchema>;

/** The answer of `undo`: that of a restore, and which operation was reversed. */
export const undoReportSchema = restoreReportSchema
  .extend({
    operation: z.literal('undo'),
    undone: undoneSchema,
    /** Paths that the operation made and that stay, because they were changed since. */
    stay: z.array(z.string()),
    /** Of a guarded command: paths that were changed after it had ended, and are taken back with it. Empty if that is not on record. */
    since: z.array(z.string()),
  })
  .meta({ id: 'UndoReport' });
export type UndoReport = z.infer<typeof undoReportSchema>;
