import type { Finding } from '../model/finding.ts';
import type { Archive } from '../model/manifest.ts';
import type { Entry } from '../model/entry.ts';

/** The archive, and the index entries of its category, in order. */
interface UnusableArchive {
  readonly facts: Archive;
  readonly category: string;
  readonly entries: AsyncIterable<Entry[]>;
}

/** The finding about an archive without a usable seek table. Nothing in it can be reached, so every entry of the category is affected. */
export async function unusable({ facts, category, entries }: UnusableArchive, problem: string): Promise<Finding> {
  const affects: string[] = [];
  for await (const batch of entries) for (const entry of batch) affects.push(entry.path);
  return {
    code: 'archive-unreadable',
    severity: 'error',
    message: `${facts.file}: ${problem}`,
    path: facts.file,
    category,
    affects,
  };
}
