import fs from 'node:fs';

/** Far more than what people write into a settings file. */
const MAX_BYTES = 4 << 20;

/** The text of a settings file of another tool; empty if it is no regular file of a usual size, or cannot be read. */
export function readSmall(file: string): string {
  try {
    const stat = fs.statSync(file);
    return stat.isFile() && stat.size <= MAX_BYTES ? fs.readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}
