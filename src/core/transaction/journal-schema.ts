import { forbiddenPart, pathProblem } from '../paths/paths.ts';
import { ENGINES } from '../model/engine-name.ts';
import { z } from '../model/zod.ts';

const fingerprintSchema = z.object({
  type: z.enum(['file', 'dir', 'symlink', 'other']),
  ino: z.string(),
  size: z.string(),
  mtimeNs: z.string(),
  inside: z.string().optional(),
});

/** The state folder is in the project, so a journal may come from a checkout. Therefore it must not name anything outside of the project. */
const safePath = z.string().refine((value) => pathProblem(value) === null && forbiddenPart(value) === null);
const safeFolder = z.union([z.literal('.'), safePath]);

export const journalSchema = z.object({
  version: z.literal(1),
  id: z.string().regex(/^[a-z0-9-]{1,80}$/i),
  backupId: z.string(),
  /** For the entry in the operation log, if a recovery has to write it. */
  operation: z.string().default('restore'),
  planHash: z.string().nullable().default(null),
  startedAt: z.string(),
  /** Identifies the transaction's own folder: a journal that was copied, unpacked or checked out does not come from a restore that was killed here. */
  folder: z.object({ ino: z.string(), birthtimeNs: z.string() }),
  units: z.array(
    z.object({
      n: z.int().nonnegative(),
      path: safePath,
      old: fingerprintSchema.nullable(),
      hasNew: z.boolean(),
      tree: z.boolean(),
      staged: z.string().nullable().default(null),
      database: z.object({ path: safePath, engine: z.enum(ENGINES) }).optional(),
    }),
  ),
  meta: z.array(
    z.object({ path: safeFolder, oldMode: z.int(), newMode: z.int(), oldMtimeNs: z.string(), newMtimeNs: z.string() }),
  ),
});

/** What a restore is about to do, in full: what recovery needs to finish it or take it back. */
export type Journal = z.infer<typeof journalSchema>;
export type JournalInput = Omit<z.input<typeof journalSchema>, 'folder'>;

/** The journal as it is written: a text, and a hash that shows that the text is whole. */
export const sealedSchema = z.object({ sha256: z.string(), body: z.string() });
