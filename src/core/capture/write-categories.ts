import fs from 'node:fs';
import path from 'node:path';
import { throwIfInterrupted } from '../model/backup-error.ts';
import type { ManifestCategory } from '../model/manifest.ts';
import { archiveFile } from '../format/layout.ts';
import type { WrittenIndex } from '../format/index-file.ts';
import type { WrittenSums } from '../format/sums.ts';
import type { BackupJob } from './job.ts';
import type { BatchPlanner } from './batch-planner.ts';
import { CategoryWriter } from './write-category.ts';

export interface WrittenCategories {
  readonly categories: Map<string, ManifestCategory>;
  readonly index: WrittenIndex;
  readonly sums: WrittenSums;
}

/**
 * Writes the archive of every category, and the index and the sums of all categories. Index and sums have their lines in the order of categories, so
 * one category is stored after another. While the next one is stored, the archive is made durable and its databases are proven.
 * @param planners what was found, by category. They are removed when they are stored
 * @param present whether any source of a category exists
 */
export async function writeCategories(
  job: BackupJob,
  planners: Map<string, BatchPlanner>,
  present: (name: string) => boolean,
): Promise<WrittenCategories> {
  const writers: CategoryWriter[] = [];
  const sealed: Promise<readonly [string, ManifestCategory]>[] = [];
  try {
    for (const category of job.categories) {
      throwIfInterrupted(job.context.signal);
      const writer = new CategoryWriter(job, category);
      writers.push(writer);
      await writer.store(planners.get(category.name)?.parts() ?? []);
      planners.delete(category.name);
      const end = seal(job, writer, category.name, present(category.name));
      sealed.push(job.background.add(end));
      if (writer.needsMemory) await end;
    }
    const lists = [job.background.add(job.index.finish()), job.background.add(job.sums.finish())] as const;
    const categories = new Map(await Promise.all(sealed));
    job.problems.throwIfAny();
    const [index, sums] = await Promise.all(lists);
    return { categories, index, sums };
  } catch (error) {
    await job.background.settled();
    for (const writer of writers) await writer.abort();
    await job.index.abort();
    job.sums.abort();
    throw error;
  }
}

async function seal(
  job: BackupJob,
  writer: CategoryWriter,
  name: string,
  present: boolean,
): Promise<readonly [string, ManifestCategory]> {
  const result = await writer.seal(present);
  if (result.archive === undefined)
    fs.rmSync(path.join(job.folder, archiveFile(name, job.config.compression)), { force: true });
  return [name, result];
}
