import type { CapturedFile } from './captured-file.ts';
import { damaged } from './damage.ts';
import type { DatabaseFiles } from './database-files.ts';

/** The files of a capture, as a reader wants them. They stay valid until the capture is closed, even if the database is written to meanwhile. */
export function capturedFiles({ files }: { readonly files: readonly CapturedFile[] }): DatabaseFiles {
  const byName = new Map(files.map((file) => [file.name, file]));
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
