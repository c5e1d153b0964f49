import type { EntryBatch } from './entry-batch.ts';
import type { PackedBatch } from './pack-batch.ts';
import type { PackThreads } from './pack-threads.ts';
import type { PlannedPart } from './batch-planner.ts';

type BatchPart = Extract<PlannedPart, { readonly kind: 'batch' }>;

/** A batch that is being packed, for where it should stand in the tar. */
interface UnderWay {
  readonly batch: EntryBatch;
  readonly offset: number;
  readonly packed: Promise<PackedBatch | null>;
}

/** Batches of one archive that are being packed, in the order in which they will stand in it. */
export class BatchQueue {
  readonly #packThreads: PackThreads;
  readonly #underWay: UnderWay[] = [];

  constructor(packThreads: PackThreads) {
    this.#packThreads = packThreads;
  }

  get length(): number {
    return this.#underWay.length;
  }

  /**
   * Hands a batch to the pack threads, saying where it will stand if everything before it turns out as it was seen.
   * @param position where the archive is now
   */
  add({ batch, early }: BatchPart, position: number): void {
    const last = this.#underWay.at(-1);
    const offset = last === undefined ? position : last.offset + last.batch.tarBytes;
    const packed = early?.offset === offset ? early.packed : this.#packThreads.pack({ batch, offset });
    // The promise is awaited later. Without this handler, an error before that would count as unhandled.
    packed.catch(() => {});
    this.#underWay.push({ batch, offset, packed });
  }

  /** The first of them, once it is packed. `packed` is null if something in it is not what the scan saw. */
  async take(): Promise<{ batch: EntryBatch; offset: number; packed: PackedBatch | null } | undefined> {
    const first = this.#underWay.shift();
    return first === undefined ? undefined : { ...first, packed: await first.packed };
  }

  /** It has been stored: its memory serves the next one. */
  release(packed: PackedBatch): void {
    this.#packThreads.release(packed);
  }
}
