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
