import { z } from './zod.ts';
import { toolSchema } from './report.ts';

/** What `migbackup --version --json` prints. */
export const versionReportSchema = z.object({
  /** `runtime` names the Node.js that runs it (in the single binary the one inside), the operating system and the processor. */
  tool: toolSchema,
  commit: z.string().nullable().describe('start of the hash of the commit it was built from; null if not known'),
  leveldb: z.string().describe('the LevelDB that reads captured databases a second time'),
});
export type VersionReport = z.infer<typeof versionReportSchema>;
