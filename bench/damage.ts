/** Damages a file as a bad disk does: in place, the size stays. */
import fs from 'node:fs';
import path from 'node:path';

const BYTES = 64;

/** The file with the most bytes in and below a folder. Throws if there is none. */
export function largestFile(folder: string): string {
  const entries = fs.readdirSync(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
  const bySize = files.map((file) => ({ file, size: fs.statSync(file).size })).toSorted((a, b) => b.size - a.size);
  const [largest] = bySize;
  if (largest === undefined || largest.size === 0) throw new Error(`${folder} holds no bytes`);
  return largest.file;
}

/** Inverts bytes in the middle of a file. The function that comes back puts the old ones there again. */
export function flipBytes(file: string): () => void {
  const { size } = fs.statSync(file);
  const at = Math.floor(size / 2);
  const old = Buffer.alloc(Math.min(BYTES, size - at));
  const fd = fs.openSync(file, 'r');
  fs.readSync(fd, old, 0, old.length, at);
  fs.closeSync(fd);
  overwrite(
    file,
    old.map((byte) => byte ^ 0xff),
    at,
  );
  return () => overwrite(file, old, at);
}

/** restic's files may not be written to, which holds for whoever is not root. */
function overwrite(file: string, bytes: Uint8Array, at: number): void {
  const { mode } = fs.statSync(file);
  fs.chmodSync(file, mode | 0o200);
  const fd = fs.openSync(file, 'r+');
  fs.writeSync(fd, bytes, 0, bytes.length, at);
  fs.closeSync(fd);
  fs.chmodSync(file, mode);
}
