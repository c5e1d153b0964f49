import fs from 'node:fs';
import type { Capture } from '../../../src/core/databases/engine.ts';

/** Writes the parts of a captured database to `file` and beside it, and releases the capture. */
export function copyCapture(capture: Capture, file: string): void {
  try {
    for (const part of capture.files) {
      const bytes = Buffer.alloc(part.size);
      for (let done = 0; done < part.size;) {
        const count = part.read(bytes, done, part.size - done, done);
        if (count === 0) throw new Error(`${part.name} ended early`);
        done += count;
      }
      part.done();
      fs.writeFileSync(file + part.name, bytes);
    }
  } finally {
    capture.close();
  }
}
