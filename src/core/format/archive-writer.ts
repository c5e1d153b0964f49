/*
 * Room "format": the bytes of a backup, as docs/format.md describes them: tar headers, frames with their seek table, index, sums, manifest, layout and
 * exported files. Readers trust nothing that they read; writers are deterministic.
 */
import { BackupError } from '../model/backup-error.ts';
import type { ScannedEntry } from '../model/entry.ts';
import { FrameWriter, type FrameOptions } from './frame-writer.ts';
import { memberHeader } from './member-header.ts';
import { END_BLOCKS, TAR_BLOCK } from './ustar.ts';

/** What the manifest says about a finished archive. */
export interface ArchiveFacts {
  readonly size: number;
  readonly sha256: string;
  readonly tarSize: number;
  readonly frames: number;
}

/** Writes one tar stream into frames, a member at a time: `begin`, then `reserve`/`commit` for its content, then `end`. */
export class ArchiveWriter {
  readonly #frames: FrameWriter;
  #left = 0;
  #size = 0;
  #path = '';

  constructor(file: string, options: FrameOptions) {
    this.#frames = new FrameWriter(file, options);
  }

  /** Bytes of the tar stream so far. */
  get position(): number {
    return this.#frames.position;
  }

  /** The bytes of content in the open member; 0 if no member is open. */
  get openBytes(): number {
    return this.#size - this.#left;
  }

  /** Adds whole members that were encoded elsewhere. */
  members(tar: Uint8Array): void {
    this.#frames.write(tar);
  }

  /** Writes the header. Returns where it begins in the tar stream. */
  begin(entry: ScannedEntry): number {
    this.#frames.mark();
    const offset = this.#frames.position;
    this.#frames.write(memberHeader(entry));
    this.#size = entry.type === 'file' ? entry.size : 0;
    this.#left = this.#size;
    this.#path = entry.path;
    return offset;
  }

  /** The buffer to read content into. It is never empty and never larger than the rest of the open piece. */
  reserve(): Buffer {
    return this.#frames.reserve();
  }

  /** Says that `bytes` of content were put into the buffer of `reserve()`. */
  commit(bytes: number): void {
    this.#left -= bytes;
    this.#frames.commit(bytes);
  }

  /** Copies content in. */
  write(bytes: Uint8Array): void {
    this.#left -= bytes.length;
    this.#frames.write(bytes);
  }

  /** Ends the member and pads it to a whole block. */
  end(): void {
    if (this.#left !== 0) {
      throw new BackupError(
        'INTERNAL',
        `${this.#path}: ${this.#size - this.#left} bytes were written for a member of ${this.#size}`,
        {
          hint: 'Please report this.',
          path: this.#path,
        },
      );
    }
    const over = this.#size % TAR_BLOCK;
    if (over > 0) this.#frames.write(END_BLOCKS.subarray(0, TAR_BLOCK - over));
    this.#size = 0;
  }

  /** Drops the member that was begun last. */
  rollback(): Promise<void> {
    this.#left = 0;
    this.#size = 0;
    return this.#frames.rollback();
  }

  /** True when frames should be awaited before more is read. */
  get needsDrain(): boolean {
    return this.#frames.needsDrain;
  }

  drain(): Promise<void> {
    return this.#frames.drain();
  }

  /** Writes the two end blocks and the seek table, syncs and closes. */
  async finish(): Promise<ArchiveFacts> {
    this.#frames.write(END_BLOCKS);
    const { size, sha256, contentSize, frames } = await this.#frames.finish();
    return { size, sha256, tarSize: contentSize, frames };
  }

  abort(): Promise<void> {
    return this.#frames.abort();
  }
}
