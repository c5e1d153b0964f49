import type { DatabaseCapture } from './capture.ts';
import { damaged } from '../format/damage.ts';
import type { DatabaseFiles } from '../format/random-access.ts';

/** The files of a capture for the reader, also of a database that is written to meanwhile. Valid until the capture is closed. */
export function capturedDatabase(capture: DatabaseCapture): DatabaseFiles {
  const byName = new Map(capture.files.map((file) => [file.name, file]));
  return {
    names: () => [...byName.keys()],
    open(name) {
      const file = byName.get(name);
      if (file === undefined) throw damaged(name, 'it is missing');
      return {
        size: file.size,
        read(position, length) {
          const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, file.size - position)));
          let done = 0;
          while (done < bytes.length) {
            const read = file.read(bytes, done, bytes.length - done, position + done);
            if (read === 0) break;
            done += read;
          }
          return bytes.subarray(0, done);
        },
        close: () => file.done(),
      };
    },
  };
}
