import { memberBytes } from '../format/member-header.ts';
import type { EntryItem, ScanItem } from '../scan/scan-item.ts';
import { BatchBuilder, type EntryBatch } from './entry-batch.ts';
import type { PackedBatch } from './pack-batch.ts';

/** About one piece of an archive. */
const BATCH_TAR_BYTES = 1 << 20;
/** Bigger files are read straight into the archive, piece by piece. */
const SMALL_BYTES = 256 << 10;

/** A batch that is being packed during the scan, for this place in the uncompressed tar. */
export interface EarlyPack {
  readonly offset: number;
  readonly packed: Promise<PackedBatch | null>;
}

/** Begins to pack a batch at once, or returns undefined. */
type PackEarly = (job: { batch: EntryBatch; offset: number }) => Promise<PackedBatch | null> | undefined;

/** Entries that another thread may pack as the scan saw them, or one item that needs care. */
export type PlannedPart =
  | { readonly kind: 'batch'; readonly batch: EntryBatch; readonly early?: EarlyPack }
  | { readonly kind: 'item'; readonly item: ScanItem };

/**
 * Keeps what a scan found, in its order, so that storing does not have to walk the disk a second time: settled small files, folders and links in
 * batches, everything else as single items.
 */
export class BatchPlanner {
  readonly #parts: PlannedPart[] = [];
  readonly #builder = new BatchBuilder();
  readonly #wantsCare: (item: EntryItem) => boolean;
  readonly #packEarly: PackEarly;
  /** The place of the next batch in the tar. Null as soon as the size of something before it is not known yet. */
  #offset: number | null = 0;

  /**
   * @param wantsCare whether an item is never put in a batch
   * @param packEarly called for each batch whose place is known
   */
  constructor(wantsCare: (item: EntryItem) => boolean = () => false, packEarly: PackEarly = () => undefined) {
    this.#wantsCare = wantsCare;
    this.#packEarly = packEarly;
  }

  add(item: ScanItem): void {
    if (item.kind !== 'entry' || !isPlain(item) || this.#wantsCare(item)) {
      this.#turn();
      this.#parts.push({ kind: 'item', item });
      this.#offset = null;
      return;
    }
    this.#builder.add(item, memberBytes(item.entry));
    if (this.#builder.tarBytes >= BATCH_TAR_BYTES || this.#builder.isFull) this.#turn();
  }

  /** Everything that was added, in that order. Call this last: nothing can be added after it. */
  parts(): readonly PlannedPart[] {
    this.#turn();
    return this.#parts;
  }

  #turn(): void {
    if (this.#builder.isEmpty) return;
    const batch = this.#builder.take();
    const offset = this.#offset;
    const packed = offset === null ? undefined : this.#packEarly({ batch, offset });
    if (offset === null || packed === undefined) this.#parts.push({ kind: 'batch', batch });
    else this.#parts.push({ kind: 'batch', batch, early: { offset, packed } });
    if (offset !== null) this.#offset = offset + batch.tarBytes;
  }
}

/** A file is plain if it is small, and if its last change is long enough ago that a later change will show. */
function isPlain({ entry, state }: EntryItem): boolean {
  return entry.type !== 'file' || (state !== undefined && entry.size <= SMALL_BYTES);
}
