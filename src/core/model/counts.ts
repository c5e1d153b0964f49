import type { ScannedEntry } from './entry.ts';

/** How many entries of each type there are; `bytes` are those of the files. */
export interface Counts {
  files: number;
  directories: number;
  symlinks: number;
  bytes: number;
}

export function noCounts(): Counts {
  return { files: 0, directories: 0, symlinks: 0, bytes: 0 };
}

/** Counts one more entry. */
export function count(counts: Counts, { type, size }: Pick<ScannedEntry, 'type' | 'size'>): void {
  if (type === 'dir') counts.directories++;
  else if (type === 'symlink') counts.symlinks++;
  else {
    counts.files++;
    counts.bytes += size;
  }
}

export function addCounts(counts: Counts, more: Counts): void {
  for (const figure of ['files', 'directories', 'symlinks', 'bytes'] as const) counts[figure] += more[figure];
}

export function entriesIn({ files, directories, symlinks }: Counts): number {
  return files + directories + symlinks;
}

/** The counts under a name, for example of a source. New counts are added if there are none yet. */
export function countsOf(all: Map<string, Counts>, name: string): Counts {
  const known = all.get(name);
  if (known !== undefined) return known;
  const fresh = noCounts();
  all.set(name, fresh);
  return fresh;
}
