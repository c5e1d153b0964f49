import type { Entry } from '../model/entry.ts';

/** Takes the members that are read. `end` says whether the member was exactly what the index promised. */
export interface MemberSink {
  begin(entry: Entry): void;
  /**
   * A promise is awaited before the next.
   * @param release to be called when the chunk is read no more, which may be later: until then it stays as it is
   */
  data(chunk: Buffer, release: () => void): void | Promise<void>;
  end(entry: Entry, good: boolean): void | Promise<void>;
}
