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
  /** The id of that folder (`.migbackup/project.json`), which stays when the folder is moved. Null if it had none, or if the line is older than this key. */
  checkout: z.string().nullable().default(null),
  /** The inode of that folder and when it was created. Null as above. */
  place: z.string().nullable().default(null),
  /** The project's names at that time. Absent if the line is older than this key. */
  project: projectNamesSchema.optional(),
  /** The backup that was brought back, or that a guard took before its command. */
  backupId: z.string(),
  planHash: z.string().nullable(),
  /** The backup that holds the state before; `undo` brings it back. Null if no backup holds it. */
  safetyId: z.string().nullable(),
  /** Names the transaction, so that one that recover finishes is logged only once. */
  transactionId: z.string().nullable().default(null),
  exit: z.int(),
});
export type OperationRecord = z.infer<typeof operationRecordSchema>;
