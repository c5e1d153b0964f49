import { createHash, randomBytes } from 'node:crypto';
import type { Entry } from '../model/entry.ts';

/** How much of a backup is read. */
export interface SampleOptions {
  readonly mode: 'full' | 'sample' | 'quick' | 'selection';
  /** Percent of files, mode sample: over 0, at most 100. */
  readonly samplePercent?: number | undefined;
  readonly seed?: string | undefined;
  /** For mode `selection`: which entries are read, and the terms that select them. */
  readonly only?: { readonly terms: readonly string[]; readonly has: (entry: Entry) => boolean } | undefined;
}

/** Which files a verification reads, and what its report says about that. */
export interface Choice {
  readonly scope: {
    readonly mode: 'full' | 'sample' | 'quick' | 'selection';
    readonly samplePercent?: number;
    readonly seed?: string;
    readonly only?: string[];
  };
  /** If it is undefined, every file is read. */
  readonly select: ((entry: Entry) => boolean) | undefined;
}

const RANGE = 2 ** 32;

/**
 * A sample takes each entry by chance: the hash of the seed and its path decides, so the same seed reads the same files. Chance alone may take no file
 * of a small backup, so the seed also names one that is taken in any case. `select` is asked about each entry once, in the order of the index.
 * @param files how many files the backup has
 */
export function choose(options: SampleOptions, files: number): Choice {
  if (options.mode === 'full') return { scope: { mode: 'full' }, select: undefined };
  if (options.mode === 'quick') return { scope: { mode: 'quick' }, select: () => false };
  if (options.mode === 'selection') {
    const { terms = [], has = () => false } = options.only ?? {};
    return { scope: { mode: 'selection', only: [...terms] }, select: has };
  }
  const percent = options.samplePercent ?? 10;
  const seed = options.seed ?? randomBytes(8).toString('hex');
  const below = (percent / 100) * RANGE;
  const always = numberOf(seed) % files;
  let file = -1;
  const select = (entry: Entry): boolean => {
    if (entry.type === 'file') file++;
    return (entry.type === 'file' && file === always) || numberOf(`${seed}\0${entry.path}`) < below;
  };
  return { scope: { mode: 'sample', samplePercent: percent, seed }, select };
}

/** Any text as a number below 2^32. */
function numberOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}
