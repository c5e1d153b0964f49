import type { SharedMemory } from '../format/buffer-memory.ts';
import type { MemberSink } from '../format/member-sink.ts';
import { count, noCounts } from '../model/counts.ts';
import type { Entry } from '../model/entry.ts';
import type { TreeWriter } from '../transaction/tree-writer.ts';

/** Writes each member that has a place to that place, and counts what it writes. */
export class PlacingSink implements MemberSink {
  readonly written = noCounts();
  /** The bytes of content that were passed on so far, including those of the current file. */
  passed = 0;
  readonly #writer: TreeWriter;
  readonly #place: (entry: Entry) => string | null;
  #target: string | null = null;

  /** @param place the absolute place of an entry, or null to leave it out */
  constructor(writer: TreeWriter, place: (entry: Entry) => string | null) {
    this.#writer = writer;
    this.#place = place;
  }

  begin(entry: Entry): void {
    this.#target = this.#place(entry);
    if (this.#target !== null && entry.type === 'file') this.#writer.beginFile(this.#target);
  }

  data(chunk: Buffer, memory: SharedMemory): void | Promise<void> {
    if (this.#target === null) return undefined;
    this.passed += chunk.length;
    return this.#writer.write(chunk, memory);
  }

  async end(entry: Entry, good: boolean): Promise<void> {
    const target = this.#target;
    if (target === null) return;
    if (entry.type === 'file') await (good ? this.#writer.endFile(entry) : this.#writer.dropFile());
    else if (!good) return;
    else if (entry.type === 'dir') this.#writer.folder(target, entry);
    else this.#writer.link(target, entry);
    count(this.written, entry);
  }
}
