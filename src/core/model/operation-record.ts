import { projectNamesSchema } from './manifest.ts';
import { z } from './zod.ts';

/** One line of the operation log: something changed a project or its repository. */
export const operationRecordSchema = z.looseObject({
  time: z.string(),
  user: z.string(),
  host: z.string(),
  /** The CI run or job it happened in, if any. */
  ci: z.string().nullable(),
  operation: z.string(),
  /** Absolute folder of the project. */
  root: z.string(),
  /** The id of that folder (`.migbackup/project.json`), by which it is known at every path. Null: it had none, or the line is older than that. */
  checkout: z.string().nullable().default(null),
  /** The inode of that folder and when it was made. Null as above. */
  place: z.string().nullable().default(null),
  /** By which names the project was known. Absent: the line is older than that. */
  project: projectNamesSchema.optional(),
  /** The backup that was brought back, or that a guard took before its command. */
  backupId: z.string(),
  planHash: z.string().nullable(),
  /** The backup that holds the state before: `undo` brings it back. Null: nothing holds it. */
  safetyId: z.string().nullable(),
  /** Names the transaction, so that one that was finished by a recovery is logged once. */
  transactionId: z.string().nullable().default(null),
  exit: z.int(),
});
export type OperationRecord = z.infer<typeof operationRecordSchema>;
