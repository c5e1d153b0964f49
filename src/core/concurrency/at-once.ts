/**
 * Does work on each item, several at once, begun in the order of the items. After a failure no more is begun; all have ended before its error is thrown, so
 * nothing goes on in the background.
 */
export async function atOnce<T>(most: number, items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const state = { failed: false };
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true && !state.failed; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        state.failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: most }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
