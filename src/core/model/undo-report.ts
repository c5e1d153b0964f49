import { z } from './zod.ts';
import { restoreReportSchema } from './restore-report.ts';

/** An operation that undo takes back. */
export const undoneSchema = z.object({
  /** Names it: `undo ID`. */
  id: z.string(),
  operation: z.string(),
  time: z.string(),
  /** The backup that the operation had brought back, or that a guard had taken. */
  backupId: z.string(),
  /** What it did, and what the project is once that is taken back, in words. */
  what: z.string(),
  becomes: z.string(),
  /** True: a guard had brought everything back, and taking that back brings the failed state. */
  rolledBack: z.boolean(),
});
export type Undone = z.infer<typeof undoneSchema>;

/** What `undo` answers: what a restore answers, and which operation was reversed. */
export const undoReportSchema = restoreReportSchema
  .extend({
    operation: z.literal('undo'),
    undone: undoneSchema,
    /** Paths that the operation had made and that stay, because they were changed since. */
    stay: z.array(z.string()),
    /** Of a guarded command: paths that were changed after it had ended, and are taken back with it. Empty where that is not on record. */
    since: z.array(z.string()),
  })
  .meta({ id: 'UndoReport' });
export type UndoReport = z.infer<typeof undoReportSchema>;
