import type { Finding } from '../model/finding.ts';
import type { ArchiveReadOptions } from './archive-reader.ts';

/** Without a seek table nothing can be reached: every entry of the category is affected. */
export async function unusable(options: ArchiveReadOptions, problem: string): Promise<Finding> {
  const affects: string[] = [];
  for await (const batch of options.entries) for (const entry of batch) affects.push(entry.path);
  return {
    code: 'archive-unreadable',
    severity: 'error',
    message: `${options.facts.file}: ${problem}`,
    path: options.facts.file,
    category: options.category,
    affects,
  };
}
