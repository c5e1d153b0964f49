/** Edit distance (Levenshtein) between two short words. */
export function editDistance(a: string, b: string): number {
  return editRow(a, b, (index) => index)[b.length] ?? 0;
}

/** How many edits turn `a` into each beginning of `b`. `skip` says what it costs to leave out that many first letters of `b`. */
function editRow(a: string, b: string, skip: (letters: number) => number): number[] {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => skip(index));
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous;
}

/** The candidate that was most likely meant, or undefined if none is close: for "did you mean". */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  // Two edits make any word out of a single letter.
  let bestDistance = (word.length < 2 ? 1 : Math.max(2, Math.floor(word.length / 3))) + 1;
  for (const candidate of candidates) {
    const distance = candidate.startsWith(word) || word.startsWith(candidate) ? 1 : editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** How many characters of an id have to be typed before another id can be called close to it. */
const ENOUGH = 6;

/**
 * The closest ids to a part of an id that may have a slip or two in it. Empty if none is close, or if so many are that a suggestion would not help.
 */
export function nearlyMatching(part: string, ids: readonly string[]): string[] {
  if (part.length < ENOUGH) return [];
  const distances = ids.map((id) => distanceInside(part, id));
  const least = Math.min(...distances);
  const close = ids.filter((_, at) => distances[at] === least);
  return least <= 2 && close.length <= 3 ? close : [];
}

/** Edit distance between a word and the stretch of a text that is closest to it. */
function distanceInside(word: string, text: string): number {
  // The stretch may begin and end anywhere, so what is before and after it costs nothing.
  return Math.min(...editRow(word, text, () => 0));
}
