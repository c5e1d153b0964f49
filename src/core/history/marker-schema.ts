import { z } from '../model/zod.ts';

export const markerSchema = z.object({
  backupId: z.string(),
  command: z.array(z.string()),
  startedAt: z.string(),
  /** This token is in the environment of every process that the command started. */
  token: z.string(),
  /** True if the command has ended, its way back failed, and this could not be logged. */
  failed: z.boolean().optional(),
});

/** A guarded command that is running, or was when migbackup was killed. */
export type Marker = z.infer<typeof markerSchema>;
