import type { SharedMemory } from './buffer-memory.ts';
import type { Entry } from '../model/entry.ts';

/** Takes the members that are read. `end` says whether the member was exactly what the index promised. */
export interface MemberSink {
  begin(entry: Entry): void;
  /** If it returns a promise, that is awaited before the next chunk.
   * @param memory the memory of the chunk. A sink that still reads the chunk later has to retain it
   */
  data(chunk: Buffer, memory: SharedMemory): void | Promise<void>;
  end(entry: Entry, good: boolean): void | Promise<void>;
}
