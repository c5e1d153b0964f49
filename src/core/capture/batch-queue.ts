import { InFlight } from '../concurrency/in-flight.ts';
import type { EntryBatch } from './entry-batch.ts';
import type { PackedBatch } from './pack-batch.ts';
import type { PackThreads } from './pack-threads.ts';
import type { PlannedPart } from './batch-planner.ts';

type BatchPart = Extract<PlannedPart, { readonly kind: 'batch' }>;

/** A batch that was packed for a place in the tar. */
interface Packed {
  readonly batch: EntryBatch;
  readonly offset: number;
  /** Null if something in it is not what the scan saw. */
  readonly packed: PackedBatch | null;
}

/** Batches of one archive that are being packed, in their order in the archive. */
export class BatchQueue {
  readonly #packThreads: PackThreads;
  readonly #underWay = new InFlight<Packed>();
  /** The place of the next batch if everything before it is still as the scan saw it. */
  #end = 0;

  constructor(packThreads: PackThreads) {
    this.#packThreads = packThreads;
  }

  get length(): number {
    return this.#underWay.length;
  }

  /**
   * Hands a batch to the pack threads, with the place that it will have if everything before it is still as the scan saw it.
   * @param position the current length of the archive
   */
  add({ batch, early }: BatchPart, position: number): void {
    const offset = this.#underWay.length === 0 ? position : this.#end;
    this.#end = offset + batch.tarBytes;
    const packing = early?.offset === offset ? early.packed : this.#packThreads.pack({ batch, offset });
    this.#underWay.push(packing.then((packed) => ({ batch, offset, packed })));
  }

  /** Waits until the first batch is packed, and returns it. */
  take(): Promise<Packed | undefined> {
    return this.#underWay.take();
  }

  /** Call this when the batch has been stored: its memory is used for a later one. */
  release(packed: PackedBatch): void {
    this.#packThreads.release(packed);
  }
}
