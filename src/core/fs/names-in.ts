import fs from 'node:fs';

/** Names in a folder; none where it is not there or cannot be read. For questions that may go unanswered, never for what is captured or removed. */
export function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}
