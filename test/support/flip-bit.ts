import fs from 'node:fs';

/** Flips one bit of a file; doing it twice restores the file. */
export function flipBit(file: string, byte: number, bit = 0): void {
  const bytes = fs.readFileSync(file);
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
  fs.writeFileSync(file, bytes);
}
