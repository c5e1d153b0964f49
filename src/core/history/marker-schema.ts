import { z } from '../model/zod.ts';

export const markerSchema = z.object({
  backupId: z.string(),
  command: z.array(z.string()),
  startedAt: z.string(),
  /** In the environment of all that the command started. */
  token: z.string(),
  /** The command has ended, its way back failed, and the log did not take that. */
  failed: z.boolean().optional(),
});

/** A guarded command that is running, or was when migbackup was killed. */
export type Marker = z.infer<typeof markerSchema>;
