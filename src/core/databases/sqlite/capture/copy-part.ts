import fs from 'node:fs';
import { Pacer } from '../../../concurrency/pacer.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import type { AttemptOptions } from './attempt-options.ts';
import type { SpooledCopy } from './spool.ts';

export const CHUNK = 1 << 20;

interface CopyOptions extends Pick<AttemptOptions, 'signal' | 'delay'> {
  /** Where to begin; what comes before is already copied. */
  readonly from?: number;
  /** How many bytes to copy at a time. */
  readonly chunk?: number;
  /** Sees each chunk that was copied; false ends the copy. */
  readonly take: (bytes: Buffer) => boolean;
}

/** Copies the first `size` bytes of a file from a descriptor, or fewer if the file ends earlier. */
export async function copyPart(fd: number, size: number, copy: SpooledCopy, options: CopyOptions): Promise<void> {
  const { from = 0, chunk = CHUNK, take, signal, delay } = options;
  const room = Buffer.allocUnsafeSlow(Math.min(chunk, Math.max(1, size)));
  const pacer = new Pacer();
  let at = from;
  while (at < size) {
    const wanted = Math.min(room.length, size - at);
    const count = readAt(fd, room.subarray(0, wanted), at);
    const bytes = room.subarray(0, count);
    copy.write(bytes, at);
    delay('piece');
    at += count;
    if (!take(bytes) || count < wanted) break;
    if (pacer.due()) {
      throwIfInterrupted(signal);
      await pacer.turn();
    }
  }
  copy.cut(at);
}

/** Fills `into` as far as the file goes; returns the number of bytes. */
export function readAt(fd: number, into: Buffer, position: number): number {
  let done = 0;
  while (done < into.length) {
    const count = fs.readSync(fd, into, done, into.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
