import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes a file below `root`, making its folders; a name that ends in `/` is an empty folder. */
export function put(root: string, file: string, content: string | Uint8Array = `${file}\n`): void {
  const target = path.join(root, file);
  if (file.endsWith('/')) {
    mkdirSync(target, { recursive: true });
    return;
  }
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, content);
}

export function putAll(root: string, files: readonly string[]): void {
  for (const file of files) put(root, file);
}
