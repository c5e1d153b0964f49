import { throwIfInterrupted } from '../../model/backup-error.ts';
import type { Category } from '../../model/category.ts';
import { comparePaths, type ScannedEntry } from '../../model/entry.ts';
import type { ManifestCategory, ManifestSource } from '../../model/manifest.ts';
import { ArchiveWriter } from '../../archive/archive-writer.ts';
import { archiveFile } from '../../store/layout.ts';
import { scanCategory } from '../../sources/scanner.ts';
import { toNative } from '../../fs/paths.ts';
import { readFileInto } from '../../sources/file-reader.ts';
import type { BackupJob } from './job.ts';
import { StoreWriter } from './write-store.ts';

/** Writes one category's archive, its index lines and sums lines. Resolves with what the manifest says of it. */
export async function writeCategory(job: BackupJob, category: Category): Promise<ManifestCategory> {
  const writer = new CategoryWriter(job, category);
  try {
    return await writer.run();
  } catch (error) {
    writer.abort();
    throw error;
  }
}
