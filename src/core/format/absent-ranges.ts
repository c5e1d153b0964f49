import type { Entry } from '../model/entry.ts';

/** Bytes of a file that are fetched when a reader needs them: until then the file has a hole there. */
export interface AbsentRanges {
  /** Resolves once the bytes from `from` to before `to` are in the file. Throws what fetching throws. */
  need(from: number, to: number): Promise<void>;
  /** Whether these bytes are in the file now. */
  has(from: number, to: number): boolean;
}

const files = new Map<string, AbsentRanges>();

/** From now on readers of this file ask before they read. @param file absolute */
export function setAbsentRanges(file: string, ranges: AbsentRanges): void {
  files.set(file, ranges);
}

export function forgetAbsentRanges(file: string): void {
  files.delete(file);
}

/** Undefined for a file whose bytes are all there. */
export function absentRangesOf(file: string): AbsentRanges | undefined {
  return files.size === 0 ? undefined : files.get(file);
}

/**
 * The entries of an archive that are looked at. Of one that is fetched when it is read, they begin with the batch that has the first selected one; null if
 * none is selected: then nothing of it is fetched.
 */
export async function fromFirstFetched(
  file: string,
  entries: AsyncIterable<Entry[]>,
  select: ((entry: Entry) => boolean) | undefined,
): Promise<AsyncIterable<Entry[]> | null> {
  if (select === undefined || absentRangesOf(file) === undefined) return entries;
  const batches = entries[Symbol.asyncIterator]();
  for (;;) {
    const first = await batches.next();
    if (first.done === true) return null;
    if (!first.value.some(select)) continue;
    return (async function* () {
      yield first.value;
      for (let next = await batches.next(); next.done !== true; next = await batches.next()) yield next.value;
    })();
  }
}
