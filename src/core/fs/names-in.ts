import fs from 'node:fs';

/**
 * The names in a folder; empty if it is missing or cannot be read. Use this only where a missing answer does no harm, never for what is captured or
 * removed.
 */
export function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
