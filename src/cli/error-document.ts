import { z } from '../core/model/zod.ts';
import { ERROR_CODES } from '../core/model/backup-error.ts';

/** What `--json` prints instead of a report when a command fails. */
export const errorDocumentSchema = z
  .object({
    error: z.object({
      code: z.enum(ERROR_CODES),
      message: z.string(),
      hint: z.string(),
      /** The file, folder or archive member it is about. */
      path: z.string().optional(),
      /** Further facts, for example every affected file. */
      details: z.record(z.string(), z.unknown()).optional(),
    }),
  })
  .meta({ id: 'ErrorDocument' });
export type ErrorDocument = z.infer<typeof errorDocumentSchema>;
