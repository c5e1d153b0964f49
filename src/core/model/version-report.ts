import { z } from './zod.ts';

/** What `migbackup --version --json` prints. */
export const versionReportSchema = z.object({
  version: z.string(),
  commit: z.string().nullable().describe('start of the hash of the commit it was built from; null if not known'),
  node: z.string().describe('the Node.js that runs it, in the single binary the one inside'),
  leveldb: z.string().describe('the LevelDB that reads captured databases a second time'),
  platform: z.string().describe('operating system and processor, for example linux-x64'),
});
export type VersionReport = z.infer<typeof versionReportSchema>;
