import { z } from './zod.ts';
import { restoreReportSchema } from './restore-report.ts';

/** What `undo` answers: what a restore answers, and which operation was reversed. */
export const undoReportSchema = restoreReportSchema
  .extend({
    operation: z.literal('undo'),
    undone: z.object({
      operation: z.string(),
      time: z.string(),
      /** The backup that the operation had brought back, or that a guard had taken. */
      backupId: z.string(),
    }),
    /** Paths that the operation had made and that stay, because they were changed since. */
    stay: z.array(z.string()),
  })
  .meta({ id: 'UndoReport' });
export type UndoReport = z.infer<typeof undoReportSchema>;
