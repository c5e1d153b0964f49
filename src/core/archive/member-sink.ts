import type { Entry } from '../model/entry.ts';

/** Takes the members that are read. `end` says whether the member was exactly what the index promised. */
export interface MemberSink {
  begin(entry: Entry): void;
  /** A chunk stays as it is; a promise is awaited before the next. */
  data(chunk: Buffer): void | Promise<void>;
  end(entry: Entry, good: boolean): void | Promise<void>;
}
