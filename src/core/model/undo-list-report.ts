import { z } from './zod.ts';
import { undoneSchema } from './undo-report.ts';
import { pendingSchema } from './status-report.ts';
import { reportHeadSchema } from './report.ts';

/** The answer of `undo --list`. */
export const undoListReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('undo-list'),
    root: z.string(),
    /** The operations that led to the present state of the project, newest first, and undos that can be taken back. */
    operations: z.array(
      undoneSchema.extend({
        /** True for the operation that undo takes back if no other is named. */
        next: z.boolean(),
        /** `now`: undo ID takes it back. `later`: once `after` is taken back, and what is `unfinished` has ended. `never`: what it replaced is not in the repository. */
        possible: z.enum(['now', 'later', 'never']),
        /** The operation that has to be taken back before. */
        after: z.string().nullable(),
      }),
    ),
    /** Another migbackup that is at work in the project, or a restore that was killed. Until that has ended, nothing can be taken back. */
    unfinished: pendingSchema.nullable(),
  })
  .meta({ id: 'UndoListReport' });
export type UndoListReport = z.infer<typeof undoListReportSchema>;
