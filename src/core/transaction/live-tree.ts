import fs from 'node:fs';
import { toNative } from '../paths/paths.ts';

/** All paths below a live folder, including folders. Links are not followed. */
export function listBelow(root: string, top: string): string[] {
  const found: string[] = [];
  for (const entry of fs.readdirSync(toNative(root, top), { withFileTypes: true })) {
    const child = `${top}/${entry.name}`;
    found.push(child);
    if (entry.isDirectory()) found.push(...listBelow(root, child));
  }
  return found;
}
