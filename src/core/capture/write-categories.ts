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
 * Writes every category's archive, and the index and the sums of all. Those have one line an entry in the order of categories, so one is
 * stored after another; making an archive durable and proving its databases goes on beside the next.
 * @param planners what was found, by category; emptied on the way
 * @param present whether any source of a category is there
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
